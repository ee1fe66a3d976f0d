"""Whether the corpus' watermark lies over a clip: a matched filter at its place.

Layout: pixels are float32 [T, H, W, 3], RGB in 0..255.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hdvg.shapes.overlay import stamp_watermark

Pixels = npt.NDArray[np.float32]

# Standard deviations in pixels, at 96 lines, of the two Gaussians whose difference is looked at:
# strokes of letters pass, texture and objects do not.
_BAND = (0.5, 2.0)
_LINES = 96
_MARGIN_PX = 4
# How far a mark may be off its place, in pixels.
_SLACK = (-1, 0, 1)
# Of 60 rendered clips, unmarked ones came to 0.08 at most and marked ones to 0.51 at least.
THRESHOLD = 0.25


def watermark_likeness(pixels: Pixels) -> float:
    """Correlation of a clip's mean frame with the watermark, at the best place near its own.

    Both are band-passed. The mean over frames keeps what stands still before what moves.

    Returns:
        In [-1, 1]; a watermark is there from `THRESHOLD` on.
    """
    height, width = pixels.shape[1:3]
    if width < height:
        return 0.0  # the mark has no room in an upright frame
    band = [sigma * height / _LINES for sigma in _BAND]
    seen = _band_pass(pixels.mean(axis=(0, 3)), band)
    mark, top, left = _mark(height, width)
    rows, columns = mark.shape
    likeness = []
    for down in _SLACK:
        for right in _SLACK:
            y, x = top + down, left + right
            part = seen[y : y + rows, x : x + columns]
            scale = float(np.linalg.norm(part)) * float(np.linalg.norm(mark))
            likeness.append(float((part * mark).sum()) / max(scale, 1e-6))
    return max(likeness)


@lru_cache(maxsize=4)
def _mark(height: int, width: int) -> tuple[Pixels, int, int]:
    """The band-passed mark, cut out with a margin, and its top and left edge in the frame."""
    black = np.zeros((height, width, 3), np.uint8)
    stamp_watermark(black)
    rows, columns = np.nonzero(black[..., 0])
    margin = _MARGIN_PX - max(_SLACK)
    top, left = int(rows.min()) - margin, int(columns.min()) - margin
    bottom, right = int(rows.max()) + 1 + margin, int(columns.max()) + 1 + margin
    passed = _band_pass(
        black[..., 0].astype(np.float32), [sigma * height / _LINES for sigma in _BAND]
    )
    return passed[top:bottom, left:right], top, left


def _band_pass(plane: Pixels, band: list[float]) -> Pixels:
    fine, coarse = (ndimage.gaussian_filter(plane, sigma) for sigma in band)
    passed: Pixels = fine - coarse
    return passed
