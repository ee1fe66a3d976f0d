"""Steps against Pillow's filters, slices, and closed forms."""

import numpy as np
import pytest
import torch
from PIL import Image

from hdvg.errors import InputError
from vfmodel.evaluation.fit_frames import check_steps, end_at, fit_frames


def noise(height, width):
    return torch.randint(0, 256, (2, 3, height, width), dtype=torch.uint8)


def test_no_step_changes_nothing():
    frames = noise(5, 7)
    assert fit_frames(frames, ()) is frames


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [((192, 344), (0, 192), (44, 300)), ((240, 180), (52, 187), (0, 180))],
)
def test_an_aspect_is_cut_from_the_middle(size, rows, columns):
    frames = noise(*size)
    cut = fit_frames(frames, ["crop 4:3"])
    assert torch.equal(cut, frames[..., slice(*rows), slice(*columns)])


def test_smoothed_resize_is_pillows():
    frames = noise(48, 64)
    ours = fit_frames(frames, ["resize 12x20 bilinear antialias"])
    for frame, small in zip(frames, ours, strict=True):
        picture = Image.fromarray(frame.permute(1, 2, 0).numpy())
        theirs = np.asarray(picture.resize((20, 12), Image.Resampling.BILINEAR))
        assert np.abs(small.permute(1, 2, 0).numpy().astype(int) - theirs).max() <= 1


def test_without_smoothing_pixels_between_are_never_seen():
    frames = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    frames[..., ::4, :] = 255  # half-pixel centres of a quarter's size lie between rows 1 and 2
    assert not fit_frames(frames, ["resize 2x2 bilinear"]).any()
    assert fit_frames(frames, ["resize 2x2 area"]).unique().tolist() == [64]


def test_steps_follow_each_other():
    frames = fit_frames(noise(320, 576), ["shorter 240 bilinear", "crop 240x320"])
    assert frames.shape == (2, 3, 240, 320)
    assert frames.dtype == torch.uint8


@pytest.mark.parametrize(
    "step", ["", "crop", "crop 0x5", "resize 4x4", "resize 4x4 lanczos", "shorter x area"]
)
def test_what_is_no_step_is_named(step):
    with pytest.raises(InputError, match=step.rsplit(" ", 1)[-1] or "no such step"):
        check_steps([step])


def test_a_crop_larger_than_the_frame_is_refused():
    with pytest.raises(InputError, match="crop 270x270 from frames of 192x344"):
        fit_frames(noise(192, 344), ["crop 270x270"])


def test_another_end_keeps_the_filter():
    steps = ("crop 4:3", "resize 224x224 bicubic antialias")
    assert end_at(steps, 64, 112) == ("crop 4:3", "resize 64x112 bicubic antialias")
    assert end_at(steps, 224, 224) == steps
    assert end_at(("crop 8x8",), 4, 6) == ("crop 8x8", "resize 4x6 bilinear antialias")
