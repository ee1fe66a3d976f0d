"""The shipped network of shapes-FVD: its name, and that it sees what is done to clips."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from hdvg.errors import InputError
from vfmodel.evaluation.fit_frames import fit_frames
from vfmodel.evaluation.fvd.frechet import frechet_of_features
from vfmodel.evaluation.fvd.shapes_network import SHIPPED, ShapesNet, load_shapes_network
from vfmodel.evaluation.shapes_prompts import draw_prompts


@pytest.fixture(scope="module")
def network():
    return load_shapes_network()


@pytest.fixture(scope="module")
def clips():
    steps = ("resize 64x112 bilinear antialias",)
    return torch.stack(
        [fit_frames(p.render(8, 4.0, 96, 176), steps) for p in draw_prompts(24, 0, 1.75)]
    )


def distances(network, clips, changes):
    """From the clips themselves to the clips after each change."""
    features, *changed = (
        torch.stack([network.extract(clip) for clip in some]) for some in (clips, *changes)
    )
    return [frechet_of_features(features, other) for other in changed]


def shaken(clips, spread, shape):
    """Every value of a random tensor of this shape added, in levels."""
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0)) * spread
    return (clips + noise).round().clamp(0, 255).byte()


def test_nobody_can_take_its_figure_for_fvd(network):
    assert network.figure == "shapes-FVD"
    with safe_open(str(SHIPPED), framework="pt") as file:
        assert file.metadata()["figure"] == "shapes-FVD"
    assert SHIPPED.stat().st_size < 1_000_000
    assert json.loads(json.dumps(network.describe()))["trained"]["seed"] == 0
    assert len(network.sha256) == 64


def test_what_is_done_to_clips_is_seen_and_more_of_it_more(network, clips):
    shape = clips.shape
    noise = [shaken(clips, spread, shape) for spread in (10, 40)]
    flicker = [shaken(clips, spread, (*shape[:2], 1, 1, 1)) for spread in (5, 30)]
    near, far, dim, wild = distances(network, clips, [*noise, *flicker])
    assert 0 < near < far
    assert 0 < dim < wild


def test_time_and_colour_are_seen(network, clips):
    turn = torch.randperm(8, generator=torch.Generator().manual_seed(0))
    frozen = clips[:, :1].expand_as(clips)
    other = clips[:, :, [1, 0, 2]]
    nothing, shuffled, still, recoloured = distances(
        network, clips, [clips, clips[:, turn], frozen, other]
    )
    assert nothing == pytest.approx(0, abs=1e-6)
    assert min(shuffled, still) > 10
    assert recoloured > 100


def test_a_clip_has_its_features_whatever_lies_beside_it(network, clips):
    values = clips[:3].float().transpose(1, 2) / 127.5 - 1
    together = network.network(values)
    torch.testing.assert_close(network.network(values[1:2]), together[1:2], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(network.extract(clips[1]), together[1], rtol=1e-4, atol=1e-4)


def test_short_clips_are_refused(network):
    with pytest.raises(InputError, match="needs at least 4 frames, got 3"):
        network.extract(torch.zeros(3, 3, 64, 112, dtype=torch.uint8))


def test_other_files_are_refused(tmp_path):
    weights = ShapesNet().state_dict()
    del weights["project.bias"]
    save_file(weights, tmp_path / "fewer.safetensors")
    with pytest.raises(InputError, match=r"fewer.safetensors holds no network of shapes-FVD"):
        load_shapes_network(tmp_path / "fewer.safetensors")
    (tmp_path / "text").write_text("no weights")
    with pytest.raises(InputError, match="holds no network of shapes-FVD"):
        load_shapes_network(tmp_path / "text")
    with pytest.raises(InputError, match="cannot read the weights"):
        load_shapes_network(tmp_path / "nothing")
