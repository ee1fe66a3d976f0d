"""Errors of videos whose motion was put into them."""

import pytest
import torch
from torch.nn.functional import interpolate

from hdvg.errors import InputError
from vfmodel.evaluation.pixels.warping_error import WarpingError, warp_back

HEIGHT, WIDTH = 20, 32


def texture(height=60, width=80):
    coarse = torch.rand(1, 3, height // 5, width // 5, generator=torch.Generator().manual_seed(0))
    return (interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1) * 255).byte()


def pan(right, down, count=4):
    """A window that goes over a texture: what is seen moves the other way."""
    wide = texture()
    return torch.stack(
        [
            wide[:, 20 + t * down : 20 + t * down + HEIGHT, 20 + t * right : 20 + t * right + WIDTH]
            for t in range(count)
        ]
    )


def steady(right, down, pairs=3):
    return torch.tensor([right, down]).float().view(1, 2, 1, 1).expand(pairs, 2, HEIGHT, WIDTH)


def measure(frames, flow, **options):
    metric = WarpingError()
    metric.update(frames, flow=flow, **options)
    return metric.result().value


def test_what_moves_as_it_is_known_to_has_no_error():
    assert measure(pan(2, -1), steady(-2, 1)) == pytest.approx(0, abs=1e-10)
    assert measure(pan(2, -1), steady(2, 1)) > 1e-3


def test_what_is_added_to_a_frame_counts_squared():
    frames = pan(1, 0).clamp(0, 200)
    frames[1::2] += 51
    assert measure(frames, steady(-1, 0)) == pytest.approx(0.2**2, rel=1e-5)


def test_only_what_is_visible_counts():
    frames = pan(0, 0)
    frames[1, :, :5] = 255 - frames[1, :, :5]
    visible = torch.ones(3, HEIGHT, WIDTH, dtype=torch.bool)
    assert measure(frames, steady(0, 0), visible=visible) > 0
    visible[:, :5] = False
    assert measure(frames, steady(0, 0), visible=visible) == 0


def test_half_a_pixel_is_the_mean_of_two():
    frames = torch.tensor([0.0, 2.0, 6.0]).view(1, 1, 1, 3)
    flow = torch.tensor([0.5, 0.0]).view(1, 2, 1, 1).expand(1, 2, 1, 3)
    back, inside = warp_back(frames, flow)
    assert back[0, 0, 0, :2].tolist() == pytest.approx([1.0, 4.0])
    assert inside[0, 0].tolist() == [True, True, False]


def test_a_motion_that_cannot_be_is_refused():
    frames = pan(0, 0)
    with pytest.raises(InputError, match=r"the motion must be \[3, 2, 20, 32\], got None"):
        WarpingError().update(frames)
    with pytest.raises(InputError, match=r"got \[2, 2, 20, 32\]"):
        WarpingError().update(frames, flow=steady(0, 0, 2))
    with pytest.raises(InputError, match="visible must be"):
        measure(frames, steady(0, 0), visible=torch.ones(2, 2, 2, dtype=torch.bool))
    with pytest.raises(InputError, match="nothing of the video is still in view"):
        measure(frames, steady(WIDTH, 0))
