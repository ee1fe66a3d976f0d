"""Whatever joins the streams, all variants compute the same at the start."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.make_start import change_ends, make_start
from vfmodel.initialise import build_unet
from vfmodel.unet import SwapUNet

VARIANTS = (
    {"block_end": "add"},
    {"block_end": "fuse"},
    {"window": [3, 9, 9], "swap_roles": "fixed", "first_query": "spatial"},
    {"window": [3, 9, 9]},
    {},
)


@pytest.fixture
def trained(tiny_unet):
    torch.manual_seed(0)
    unet = SwapUNet(tiny_unet)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return unet.eval()


def given():
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(1, 4, 3, 4, 6, generator=generator)
    return latents, 500, torch.randn(1, 5, 16, generator=generator)


@torch.no_grad()
def test_all_variants_start_equal(trained):
    starts = [change_ends(trained, changes, seed=0).eval() for changes in VARIANTS]
    outputs = [unet(*given()).sample for unet in starts]
    trained.enable_swap(False)
    want = trained(*given()).sample  # block ends as sums, all else as trained
    for output in outputs:
        assert torch.allclose(output, want, atol=1e-5)


def test_variants_have_the_parameters_of_what_they_are(trained):
    counts = [
        sum(p.numel() for p in change_ends(trained, changes, 0).parameters())
        for changes in VARIANTS
    ]
    addition, fusion, spatial, swapped, windows = counts
    ends = sum(2 * width**2 + width for width in (8, 16, 16, 8))
    assert fusion == addition + ends
    assert spatial == swapped == windows > fusion


def test_seeds_draw_the_ends_and_nothing_else(trained):
    first, second = (change_ends(trained, {}, seed).state_dict() for seed in (0, 1))
    differing = {name for name in first if not torch.equal(first[name], second[name])}
    assert differing
    assert all(".swap." in name for name in differing)


def test_a_change_of_more_than_ends_is_refused(trained):
    with pytest.raises(InputError, match="alters more than block ends"):
        change_ends(trained, {"channels": [16, 16]}, 0)
    with pytest.raises(InputError, match="unknown U-Net setting 'join'"):
        change_ends(trained, {"join": "add"}, 0)


def test_training_takes_the_folder(trained, tmp_path):
    trained.save_pretrained(tmp_path / "model" / "unet")
    folder = make_start(str(tmp_path / "model"), {"block_end": "fuse"}, 0, tmp_path / "start")
    unet = build_unet(None, str(folder), seed=0)
    assert unet.config.block_end == "fuse"
    want = change_ends(trained, {"block_end": "fuse"}, 0)
    for name, value in unet.state_dict().items():
        assert torch.equal(value, want.state_dict()[name]), name
