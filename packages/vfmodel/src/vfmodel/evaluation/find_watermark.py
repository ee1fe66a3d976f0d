"""Whether the corpus' watermark lies over a clip: a matched filter at its place.

Layout: pixels are float32 [T, H, W, 3], RGB in 0..255; covers are float32 [T, H, W] in [0, 1].
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
# Part of the mark, by its norm, that has to be bare in some frame.
_ENOUGH = 0.5
# 60 rendered clips without a mark came to 0.13 at most, 60 with one to 0.56 at least; a mark that
# is blurred by 1.5 pixels, which no longer reads, has 0.46 in the median.
THRESHOLD = 0.18


def watermark_likeness(pixels: Pixels, cover: Pixels) -> float:
    """Correlation of a clip's mean frame with the watermark, at the best place near its own.

    Both are band-passed. The mean over frames keeps what stands still before what moves; what the
    object covers is left out of it, since an object's edge outshines every letter.

    Args:
        pixels: The clip.
        cover: Its object, soft edge and all.

    Returns:
        In [-1, 1]; a watermark is there from `THRESHOLD` on. 0 if the mark has no room in the frame
        or an object lies over most of it all the time.
    """
    height, width = pixels.shape[1:3]
    if width < height:
        return 0.0
    bare = np.asarray(cover <= 0.0)
    frames = np.stack([_band_pass(frame) for frame in pixels.mean(axis=-1)])
    seen = (frames * bare).sum(axis=0) / np.maximum(bare.sum(axis=0), 1)
    anywhere = np.asarray(bare.any(axis=0))
    mark, top, left = _mark(height, width)
    rows, columns = mark.shape
    likeness = []
    for down in _SLACK:
        for right in _SLACK:
            y, x = top + down, left + right
            part = seen[y : y + rows, x : x + columns]
            shown = mark * anywhere[y : y + rows, x : x + columns]
            if np.linalg.norm(shown) < _ENOUGH * np.linalg.norm(mark):
                return 0.0
            scale = float(np.linalg.norm(part)) * float(np.linalg.norm(shown))
            likeness.append(float((part * shown).sum()) / max(scale, 1e-6))
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
    passed = _band_pass(black[..., 0].astype(np.float32))
    return passed[top:bottom, left:right], top, left


def _band_pass(plane: Pixels) -> Pixels:
    fine, coarse = (ndimage.gaussian_filter(plane, s * len(plane) / _LINES) for s in _BAND)
    passed: Pixels = fine - coarse
    return passed
