"""Deep frames against the matrices of the standards, computed here in floating point."""

import av
import numpy as np
import pytest
from av.video.reformatter import Colorspace

from hdvg.deep_video import bit_depth, from_levels, has_alpha, to_levels

# Kr, Kb of ITU-R BT.709 and BT.2020, and the code points of their matrices.
STANDARDS = {1: (0.2126, 0.0722, Colorspace.ITU709), 9: (0.2627, 0.0593, Colorspace.BT2020)}
SIZE = (64, 96)


def frame_of(planes, pixels):
    frame = av.VideoFrame(SIZE[1], SIZE[0], pixels)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // 2), np.uint16)
        rows[:, : plane.width] = values
        plane.update(rows.tobytes())
    return frame


def planes_of(frame):
    return [
        np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[:, : plane.width].astype(float)
        for plane in frame.planes
    ]


def rgb_of(y, cb, cr, kr, kb, full):
    luma, chroma, foot = (1023, 1023, 0) if full else (876, 896, 64)
    y, cb, cr = (y - foot) / luma, (cb - 512) / chroma, (cr - 512) / chroma
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    return np.stack([red, (y - kr * red - kb * blue) / (1 - kr - kb), blue], axis=-1)


def random_planes():
    rng = np.random.default_rng(0)
    return rng.integers(64, 941, SIZE), *(rng.integers(400, 600, SIZE) for _ in range(2))


@pytest.mark.parametrize("standard", STANDARDS)
@pytest.mark.parametrize(("colour_range", "tolerance"), [(1, 0.1), (2, 1.0)])
def test_ten_bits_become_the_standards_rgb(standard, colour_range, tolerance):
    kr, kb, _ = STANDARDS[standard]
    y, cb, cr = random_planes()
    frame = frame_of((y, cb, cr), "yuv444p10le")
    frame.colorspace, frame.color_range = standard, colour_range
    truth = rgb_of(y, cb, cr, kr, kb, colour_range == 2).clip(0, 1)
    levels = to_levels(frame)
    assert levels.dtype == np.uint16
    assert np.abs(levels / 65535 - truth).max() * 1023 < tolerance


@pytest.mark.parametrize("standard", STANDARDS)
def test_rgb_becomes_the_standards_ten_bits(standard):
    kr, kb, matrix = STANDARDS[standard]
    planes = random_planes()
    rgb = rgb_of(*planes, kr, kb, False)
    inside = ((rgb >= 0) & (rgb <= 1)).all(axis=-1)
    levels = np.rint(rgb.clip(0, 1) * 65535).astype(np.uint16)
    found = planes_of(from_levels(levels, "yuv444p10le", matrix))
    for plane, truth in zip(found, planes, strict=True):
        assert np.abs(plane - truth)[inside].max() <= 1
        assert abs((plane - truth)[inside].mean()) < 0.05


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuv422p10le", "yuva444p10le"])
def test_white_is_white_and_opaque_is_opaque(pixels):
    channels = 4 if pixels.startswith("yuva") else 3
    white = np.full((*SIZE, channels), 65535, np.uint16)
    planes = planes_of(from_levels(white, pixels, Colorspace.ITU709))
    assert [set(plane.flat) for plane in planes] == [{940}, {512}, {512}, {1023}][:channels]


@pytest.mark.parametrize(
    ("pixels", "depth", "alpha", "shape"),
    [
        ("yuv420p", 8, False, (*SIZE, 3)),
        ("yuv420p10le", 10, False, (*SIZE, 3)),
        ("yuva444p12le", 12, True, (*SIZE, 4)),
        ("rgba", 8, True, (*SIZE, 4)),
        ("gray", 8, False, (*SIZE, 3)),
        ("ya8", 8, True, (*SIZE, 4)),
        ("gbrp10le", 10, False, (*SIZE, 3)),
        ("pal8", 8, False, (*SIZE, 3)),
    ],
)
def test_what_a_pixel_format_carries(pixels, depth, alpha, shape):
    frame = av.VideoFrame(SIZE[1], SIZE[0], pixels)
    levels = to_levels(frame)
    assert (bit_depth(frame), has_alpha(frame), levels.shape) == (depth, alpha, shape)
    assert levels.dtype == (np.uint16 if depth > 8 else np.uint8)


def test_eight_bits_with_alpha_come_back():
    rng = np.random.default_rng(0)
    gray = np.repeat(rng.integers(0, 256, (*SIZE, 1), dtype=np.uint8), 3, axis=2)
    levels = np.concatenate([gray, rng.integers(0, 256, (*SIZE, 1), dtype=np.uint8)], axis=2)
    back = to_levels(from_levels(levels, "yuva444p10le", Colorspace.ITU709))
    assert np.abs(back / 257 - levels).max() < 1
