import av
import numpy as np
import pytest

from hdvg.scan.planes import shrink, whole_luma


def _frame(height, width, pixel_format="yuv420p", *, full=False):
    """A frame with a horizontal ramp of grey, and blue on the left and red on the right."""
    ramp = np.tile(np.linspace(0, 255, width), (height, 1))
    rgb = np.stack([ramp, np.full_like(ramp, 90), 255 - ramp], axis=2).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(rgb).reformat(
        format="yuv420p", dst_color_range="JPEG" if full else "MPEG"
    )
    if full:
        frame.color_range = 2
    return frame.reformat(format=pixel_format) if pixel_format != "yuv420p" else frame


def _planes(frame):
    picture = frame.to_ndarray()
    luma = picture[: frame.height]
    chroma = picture[frame.height :].reshape(2, frame.height // 2, frame.width // 2)
    return luma, chroma


def test_small_pictures_are_samples_of_the_frame():
    frame = _frame(720, 1280)
    luma, chroma = _planes(frame)
    small = shrink(frame)
    assert small.luma.shape == (72, 128)
    assert (small.luma == luma[::10, ::10]).all()
    assert (small.chroma.reshape(2, 36, 64) == chroma[:, ::10, ::10]).all()


@pytest.mark.parametrize("size", [(2, 2), (1, 1), (37, 61), (361, 641), (96, 176), (2160, 3840)])
def test_every_size_has_a_small_picture(size):
    small = shrink(_frame(*size)).luma
    assert all(side % 2 == 0 and side >= 2 for side in small.shape)
    assert small.shape[1] < 256
    assert int(small[0, -1]) >= int(small[0, 0]) or size[1] < 3


@pytest.mark.parametrize(
    "pixel_format", ["yuv420p10le", "yuv422p", "yuv444p", "nv12", "rgb24", "gbrp"]
)
def test_every_format_gives_nearly_the_same_picture(pixel_format):
    plain, other = _frame(240, 320), _frame(240, 320, pixel_format)
    difference = np.abs(shrink(plain).yuv.astype(int) - shrink(other).yuv)
    assert difference.mean() < 3
    assert np.abs(whole_luma(plain).astype(int) - whole_luma(other)).mean() < 2


def test_full_range_becomes_limited():
    limited, full = _frame(144, 256), _frame(144, 256, full=True)
    assert np.abs(_planes(limited)[0].astype(int) - _planes(full)[0]).mean() > 1
    assert np.abs(shrink(limited).yuv.astype(int) - shrink(full).yuv).max() <= 2
    assert np.abs(whole_luma(limited).astype(int) - whole_luma(full)).max() <= 2


def test_luma_is_not_copied_where_it_can_be_viewed():
    frame = _frame(96, 176)
    assert np.shares_memory(whole_luma(frame), np.frombuffer(frame.planes[0], np.uint8))
