"""Frames with more than 8 bits a sample, or with alpha, to RGB arrays and back.

`hdvg.video` is for what the dataset and the models hold, 8-bit RGB; this is for films that must
come out as they went in. Arrays here are [H, W, 3] or, with alpha, [H, W, 4], RGB first, uint8 or
uint16, with white and opaque at the type's maximum.
"""

from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace, Interpolation

from hdvg.video import EXACT, is_full_range, matrix_of

Levels = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]

# By whether there are more than 8 bits, and alpha.
_LAYOUTS = {
    (False, False): "rgb24",
    (False, True): "rgba",
    (True, False): "rgb48le",
    (True, True): "rgba64le",
}
_DEEPEST = 65535
# swscale takes limited-range white to 255 * 256 in 16-bit RGB, and that back to white; taking 65535
# for white, as its own RGB formats do, came out 4 levels of 1023 dark.
_SWSCALE_WHITE = 65280


def bit_depth(frame: "av.VideoFrame") -> int:
    """Bits of the frame's finest component."""
    return 8 if frame.format.has_palette else max(c.bits for c in frame.format.components)


def has_alpha(frame: "av.VideoFrame") -> bool:
    """Whether the pixel format carries transparency; palettes are taken as opaque."""
    return any(component.is_alpha for component in frame.format.components)


def to_levels(frame: "av.VideoFrame") -> Levels:
    """Converts a decoded frame to RGB or RGBA, uint16 if it has more than 8 bits, else uint8."""
    deep = bit_depth(frame) > 8
    layout = _LAYOUTS[deep, has_alpha(frame)]
    array: Any = frame.reformat(
        format=layout,
        src_colorspace=matrix_of(frame),
        interpolation=Interpolation.BICUBIC | EXACT,
    ).to_ndarray()
    if deep and not frame.format.is_rgb and not is_full_range(frame):
        return _stretched(array, _DEEPEST / _SWSCALE_WHITE)
    levels: Levels = array
    return levels


def from_levels(levels: Levels, pixels: str, matrix: Colorspace) -> "av.VideoFrame":
    """Converts RGB or RGBA to a limited-range frame.

    Args:
        levels: As `to_levels` returns them; even sizes where `pixels` halves the chroma.
        pixels: A planar YUV pixel format, such as yuv420p10le, with alpha if `levels` have it.
        matrix: From RGB to YUV.
    """
    deep = levels.dtype == np.uint16
    layout = _LAYOUTS[deep, levels.shape[2] == 4]
    if deep:
        levels = _stretched(levels, _SWSCALE_WHITE / _DEEPEST)
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(levels), format=layout)
    return frame.reformat(
        format=pixels, dst_colorspace=matrix, interpolation=Interpolation.AREA | EXACT
    )


def _stretched(levels: npt.NDArray[Any], factor: float) -> npt.NDArray[np.uint16]:
    """The colours times a factor, the alpha as it is."""
    result: npt.NDArray[np.uint16] = levels.astype(np.uint16)
    colours = np.rint(levels[..., :3].astype(np.float32) * np.float32(factor))
    result[..., :3] = np.minimum(colours, _DEEPEST).astype(np.uint16)
    return result
