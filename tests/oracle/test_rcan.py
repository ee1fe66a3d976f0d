"""The network in its classic form against BasicSR's, weight for weight."""

import pytest
import torch
from benchmarks.realesrgan_oracle import in_their_names

from vfsr.rcan import RCAN, RCANConfig

pytestmark = pytest.mark.oracle


def build(groups, blocks):
    torch.manual_seed(0)
    model = RCAN(RCANConfig(num_groups=groups, num_blocks=blocks)).eval()
    with torch.no_grad():  # away from plain interpolation, so that every layer matters
        for parameter in model.parameters():
            parameter += 0.01 * torch.randn_like(parameter)
    return model


@pytest.mark.parametrize(("groups", "blocks"), [(1, 8), (3, 2)])
def test_equal_weights_give_equal_frames(oracle, groups, blocks):
    model = build(groups, blocks)
    frames = torch.rand(2, 3, 20, 28)
    sizes = {"num_feat": 64, "num_group": groups, "num_block": blocks}
    theirs, _ = oracle.ask(
        "rcan", settings={"sizes": sizes}, images=frames, **in_their_names(model)
    )
    with torch.no_grad():
        ours = model(frames)
    assert ours.std() > 0.05
    assert (ours - theirs["images"]).abs().max() < 1e-4 * ours.abs().max()


@pytest.mark.parametrize(("groups", "blocks"), [(1, 8), (3, 2)])
def test_spandrel_opens_our_weights_and_computes_the_same(oracle, groups, blocks):
    model = build(groups, blocks)
    frames = torch.rand(1, 3, 20, 28)
    weights = {f"w:{name}": value.contiguous() for name, value in model.state_dict().items()}
    theirs, _ = oracle.ask("spandrel", images=frames, **weights)
    assert theirs["scale"].tolist() == [4]
    with torch.no_grad():
        ours = model(frames)
    assert (ours - theirs["images"]).abs().max() < 1e-4 * ours.abs().max()
