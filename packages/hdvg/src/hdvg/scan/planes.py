"""Small pictures of decoded frames: strided views of their planes, without converting whole frames.

Every picture here is 8 bits in limited range (black 16, white 235), whatever the source has.
"""

from dataclasses import dataclass

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorRange, Interpolation

from hdvg.video import is_full_range

Plane = npt.NDArray[np.uint8]

# Widths of small pictures lie in 128..255. PySceneDetect works at 256 and more, and finds the same
# cuts; with half of the rows, long dissolves were measured too short.
_SMALL_WIDTH = 128
# Formats whose planes are read where they lie. Others are scaled by swscale first.
_PLANAR = frozenset({"yuv420p", "yuvj420p"})
BLACK, WHITE = 16, 235
# Of limited-range luma, to levels of 0..255.
LEVELS = 255.0 / (WHITE - BLACK)
_RAMP = np.arange(256)
_LUMA_TO_LIMITED = np.rint(_RAMP * (WHITE - BLACK) / 255 + BLACK).astype(np.uint8)
_CHROMA_TO_LIMITED = np.rint((_RAMP - 128) * 224 / 255 + 128).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class SmallPicture:
    """A frame at one point in so many, colours subsampled 4:2:0.

    Attributes:
        yuv: All three planes in one image [3 H / 2, W], H and W even, as OpenCV's I420.
    """

    yuv: Plane

    @property
    def luma(self) -> Plane:
        """Luma, [H, W]."""
        return self.yuv[: len(self.yuv) * 2 // 3]

    @property
    def chroma(self) -> Plane:
        """Both chroma planes, one below the other, [H, W / 2]; 128 is grey."""
        height, width = len(self.yuv) * 2 // 3, self.yuv.shape[1]
        return self.yuv.reshape(-1)[height * width :].reshape(height, width // 2)


def shrink(frame: "av.VideoFrame") -> SmallPicture:
    """The small picture of a frame of any format and size."""
    stride = max(1, frame.width // _SMALL_WIDTH)
    if frame.format.name not in _PLANAR or min(frame.width, frame.height) < 2:
        size = (max(2, frame.width // stride), max(2, frame.height // stride))
        frame, stride = _convert(frame, *size), 1
    # Even, so no larger than the chroma planes, which are rounded up, allow.
    half_h, half_w = (-(-side // stride) // 2 for side in (frame.height, frame.width))
    small = SmallPicture(np.empty((3 * half_h, 2 * half_w), np.uint8))
    chroma = small.chroma
    luma, blue, red = frame.planes
    small.luma[...] = _samples(luma, stride, 2 * half_h, 2 * half_w)
    chroma[:half_h] = _samples(blue, stride, half_h, half_w)
    chroma[half_h:] = _samples(red, stride, half_h, half_w)
    if is_full_range(frame):
        small.luma[...] = cv2.LUT(small.luma, _LUMA_TO_LIMITED)
        chroma[...] = cv2.LUT(chroma, _CHROMA_TO_LIMITED)
    return small


def whole_luma(frame: "av.VideoFrame") -> Plane:
    """Luma at full size, [H, W]; a view of the frame where that is possible."""
    if frame.format.name not in _PLANAR:
        frame = _convert(frame, frame.width, frame.height)
    luma = _view(frame.planes[0])
    if is_full_range(frame):
        luma = np.asarray(cv2.LUT(luma, _LUMA_TO_LIMITED), np.uint8)
    return luma


def _samples(plane: "av.video.plane.VideoPlane", stride: int, height: int, width: int) -> Plane:
    """Every `stride`-th pixel of every `stride`-th row; one call, as this runs for every frame."""
    return np.ndarray((height, width), np.uint8, plane, strides=(plane.line_size * stride, stride))


def _view(plane: "av.video.plane.VideoPlane") -> Plane:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _convert(frame: "av.VideoFrame", width: int, height: int) -> "av.VideoFrame":
    full = is_full_range(frame)
    return frame.reformat(
        width,
        height,
        format="yuv420p",
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.FAST_BILINEAR,
    )
