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
    large = FrameUpscaler(small_model)(frame)
    assert torch.allclose(large, StripNetwork(small_model)(frame, 8, 8).clamp(0, 1), atol=1e-5)


@pytest.mark.parametrize(("knob", "value"), [("tile", 0), ("precision", "float16")])
def test_bad_settings_are_refused_by_name(knob, value):
    with pytest.raises(InputError, match=f"{knob} must .*{value}"):
        UpscalingConfig(**{knob: value})
