import pytest
import torch

from hdvg.errors import InputError
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.strips import StripNetwork


def test_values_outside_the_range_are_clipped(small_model):
    upscale = FrameUpscaler(small_model)
    wild = torch.tensor([-0.5, 1.5, 0.5]).reshape(3, 1, 1).expand(3, 8, 8)
    large = upscale(wild)
    assert large.min() >= 0
    assert large.max() <= 1
    upscale.reset()
    assert torch.allclose(upscale(wild.clamp(0, 1)), large, atol=1e-6)


def test_a_tile_changes_nothing(small_model):
    frame = torch.rand(3, 13, 9)
    whole = FrameUpscaler(small_model)(frame)
    for tile in (1, 4, 100):
        tiled = FrameUpscaler(small_model, UpscalingConfig(tile=tile))(frame)
        assert torch.allclose(tiled, whole, atol=1e-5)


def test_a_single_frame_is_the_networks_own(small_model):
    frame = torch.rand(3, 8, 12)
    large = FrameUpscaler(small_model, UpscalingConfig(temporal=False))(frame)
    assert torch.allclose(large, StripNetwork(small_model)(frame, 8, 8).clamp(0, 1), atol=1e-5)


def test_by_itself_a_frame_does_not_depend_on_those_before(small_model):
    upscale = FrameUpscaler(small_model, UpscalingConfig(temporal=False))
    frame = torch.rand(3, 8, 8)
    first = upscale(frame)
    upscale(torch.rand(3, 8, 8))
    assert torch.equal(upscale(frame), first)


def test_after_a_reset_the_film_begins(small_model):
    upscale = FrameUpscaler(small_model)
    frames = torch.rand(1, 3, 9, 8) + 0.02 * torch.rand(3, 3, 9, 8)
    first = [upscale(frame) for frame in frames]
    assert not torch.equal(upscale(frames[0]), first[0])
    upscale.reset()
    for frame, truth in zip(frames, first, strict=True):
        assert torch.equal(upscale(frame), truth)


def test_frames_keep_the_colours_of_the_input(small_model):
    frame = torch.full((3, 16, 16), 0.5)
    large = FrameUpscaler(small_model)(frame)
    means = torch.nn.functional.avg_pool2d(large, 32)
    assert torch.allclose(means, torch.full_like(means, 0.5), atol=0.01)


def test_a_tile_of_nothing_is_refused():
    with pytest.raises(InputError, match="tile must be at least 1 pixel, got 0"):
        UpscalingConfig(tile=0)
