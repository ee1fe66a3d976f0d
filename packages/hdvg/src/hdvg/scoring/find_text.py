"""Finds text in a still picture by its look: rows of small, even, alike strokes.

No trained weights. Letters are connected regions that are brighter or darker than their
neighbourhood, have thin strokes of one width and one shade, and stand in a row with others of the
same height and shade. The idea of stroke widths is Epshtein et al., CVPR 2010; here the width comes
from a distance transform of a local threshold. `benchmarks/hdvg_scores.py` prints the precision and
recall on planted text and on film without any.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.uint8]
Reals = npt.NDArray[np.float64]
Boxes = Reals  # [N, 4]: left, top, right, bottom in pixels

# All sizes below are for a picture of this many rows, the height of a keyframe.
_ROWS = 384
_MIN_HEIGHT, _MAX_HEIGHT = 7, 90
# A threshold's neighbourhood has to be wider than the strokes it is to find: two sizes find small
# and large letters.
_WINDOWS = (25, 71)
# Levels from the neighbourhood's mean: a low threshold finds faint text, a high one parts letters
# from a background that is almost as bright.
_THRESHOLDS = (9, 36)
# In levels, from the mean of the letter to its neighbourhood's.
_MIN_CONTRAST = 18.0
# What tells a row of text from a row of leaves. Chosen here on planted text and on film, mostly of
# grass: rows in film have a contrast of 22 to 56 levels, bases that are 2 to 38 % of the height off
# their line and shades that differ by 3 to 12 % of the contrast; rows of text 47 to 180 levels, 0
# to 14 % and 0 to 6 %.
_MIN_ROW_CONTRAST = 34.0
_MAX_OFF_LINE = 0.12
_MAX_SHADE_SPREAD = 0.05
_MAX_HEIGHT_SPREAD = 0.3
_MIN_LETTER_ASPECT = 0.55
_MAX_SLOPE = 0.12
_MIN_LETTERS = 4
# Far beyond any page of text; a picture of pure noise has more and is not looked at pair by pair.
_MAX_LETTERS = 2000


@dataclass(frozen=True)
class _Letters:
    """Regions that could be letters, from left to right; every field has one value a region.

    Attributes:
        boxes: [N, 4] left, top, right, bottom in pixels.
        stroke: Width of the stroke in pixels.
        shade: Mean level.
        contrast: Distance from the neighbourhood in levels.
    """

    boxes: Boxes
    stroke: Reals
    shade: Reals
    contrast: Reals

    @property
    def height(self) -> Reals:
        """Heights in pixels."""
        tall: Reals = self.boxes[:, 3] - self.boxes[:, 1]
        return tall

    def take(self, rows: npt.NDArray[np.int64]) -> "_Letters":
        """Some of them."""
        parts = (self.boxes, self.stroke, self.shade, self.contrast)
        return _Letters(*(part[rows] for part in parts))


def measure_text_area(grey: Grey) -> float:
    """Share of a picture that text covers, 0..1: the boxes around its lines.

    Args:
        grey: uint8 [H, W].
    """
    height, width = grey.shape
    if height > _ROWS:
        size = (max(1, round(width * _ROWS / height)), _ROWS)
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    covered = np.zeros(grey.shape, bool)
    for left, top, right, bottom in find_lines(grey).astype(int):
        covered[top:bottom, left:right] = True
    return float(covered.mean())


def find_lines(grey: Grey) -> Boxes:
    """Boxes [N, 4] of the lines of text; a line may be found more than once.

    Args:
        grey: uint8 [H, W] of at most 384 rows.
    """
    lines = [
        _join_rows(_find_letters(grey, window, threshold, bright=bright))
        for window in _WINDOWS
        for threshold in _THRESHOLDS
        for bright in (True, False)
    ]
    return np.concatenate(lines)


def _find_letters(grey: Grey, window: int, threshold: int, *, bright: bool) -> _Letters:
    """Regions brighter (or darker) than their neighbourhood that have the build of letters."""
    over = grey.astype(np.int16) - cv2.blur(grey, (window, window))
    over = over if bright else -over
    mask = (over > threshold).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    left, top, width, height, area = (stats[:, k].astype(np.float64) for k in range(5))
    fill = area / (width * height)
    fits = (height >= _MIN_HEIGHT) & (height <= _MAX_HEIGHT) & (width <= 2.0 * height)
    fits &= (width >= 0.1 * height) & (fill > 0.15) & (fill < 0.95)
    fits[0] = False  # what is not in the mask
    chosen = np.flatnonzero(fits)[np.argsort(left[fits], kind="stable")]
    number = np.full(count, -1)
    number[chosen] = np.arange(len(chosen))
    region = number[labels].ravel()
    found, even = _measure(grey, over, mask, region, len(chosen))
    boxes = np.stack([left, top, left + width, top + height], 1)[chosen]
    even &= found[0] < 0.42 * height[chosen]
    good = np.flatnonzero(even & (found[2] > _MIN_CONTRAST))
    return _Letters(boxes, *found).take(good[:_MAX_LETTERS])


def _measure(
    grey: Grey, over: npt.NDArray[np.int16], mask: Grey, region: npt.NDArray[np.int64], count: int
) -> tuple[tuple[Reals, Reals, Reals], npt.NDArray[np.bool_]]:
    """Stroke width, shade and contrast of each region, and whether stroke and shade are even.

    Args:
        grey: uint8 [H, W].
        over: Its distance from the neighbourhood, [H, W].
        mask: uint8 [H, W], 1 in regions.
        region: Number of the region, -1 outside, [H * W].
        count: How many regions there are.
    """
    depth = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))).ravel()
    inside = region >= 0
    region, ridge = region[inside], ridge[inside]
    depths = depth.ravel()[inside].astype(np.float64)

    def average(values: Reals, where: npt.NDArray[np.bool_]) -> tuple[Reals, Reals]:
        """Mean and standard deviation in each region."""
        own, some = region[where], values[where]
        size = np.maximum(np.bincount(own, minlength=count), 1)
        mean = np.bincount(own, some, count) / size
        square = np.bincount(own, some**2, count) / size
        return mean, np.sqrt(np.maximum(square - mean**2, 0))

    half, half_spread = average(depths, ridge)
    core = depths >= np.minimum(1.5, half[region])  # a letter's rim is blurred
    shade, shade_spread = average(grey.ravel()[inside].astype(np.float64), core)
    contrast, _ = average(over.ravel()[inside].astype(np.float64), core)
    even = (half_spread < 0.55 * half) & (shade_spread < 26)
    return (2 * half, shade, contrast), even


def _join_rows(letters: _Letters) -> Boxes:
    """Boxes [N, 4] of the rows that letters make."""
    rows = [letters.take(row) for row in _chain(_are_neighbours(letters))]
    kept = [row.boxes for row in rows if _is_text(row)]
    spans = [np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)]) for boxes in kept]
    return np.array(spans, np.float64).reshape(-1, 4)


def _are_neighbours(letters: _Letters) -> npt.NDArray[np.bool_]:
    """[N, N], true above the diagonal where two regions are alike and side by side."""
    left, top, right, bottom = letters.boxes.T
    low, high = _pairs(np.minimum, letters.height), _pairs(np.maximum, letters.height)
    overlap = _pairs(np.minimum, bottom) - _pairs(np.maximum, top)
    gap = left[None] - right[:, None]
    near = (high < 2.2 * low) & (overlap > 0.5 * low) & (gap < high) & (gap > -0.3 * low)
    near &= _pairs(np.maximum, letters.stroke) < 1.8 * _pairs(np.minimum, letters.stroke)
    near &= np.abs(_pairs(np.subtract, letters.shade)) < 0.15 * _pairs(np.minimum, letters.contrast)
    near &= _pairs(np.maximum, letters.contrast) < 2 * _pairs(np.minimum, letters.contrast)
    upper: npt.NDArray[np.bool_] = np.triu(near, 1)
    return upper


def _pairs(function: Callable[[Reals, Reals], Reals], values: Reals) -> Reals:
    return function(values[:, None], values[None])


def _chain(near: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.int64]]:
    """Groups of regions that neighbourhood connects, those of one region left out."""
    group = np.arange(len(near))
    for first, second in zip(*np.nonzero(near), strict=True):
        group[group == group[second]] = group[first]
    return [np.flatnonzero(group == name) for name in np.unique(group[near.any(1)])]


def _is_text(row: _Letters) -> bool:
    """Whether a row is long, level and as even as print is."""
    left, _, right, bottom = row.boxes.T
    tall = float(np.median(row.height))
    if len(left) < _MIN_LETTERS or right.max() - left.min() < 2 * tall:
        return False
    slope, off_line = _fit_line(left, bottom)
    contrast = row.contrast.mean()
    return bool(
        off_line < _MAX_OFF_LINE * tall
        and abs(slope) < _MAX_SLOPE
        and contrast > _MIN_ROW_CONTRAST
        and (right - left).mean() > _MIN_LETTER_ASPECT * row.height.mean()
        and row.shade.std() < _MAX_SHADE_SPREAD * contrast
        and row.height.std() < _MAX_HEIGHT_SPREAD * row.height.mean()
    )


def _fit_line(x: Reals, y: Reals) -> tuple[float, float]:
    """Slope through points, and how far off its line half of them are at most.

    The median of all pairs' slopes (Theil and Sen), which a few letters that reach below their line
    do not bend.
    """
    first, second = np.triu_indices(len(x), 1)
    run = x[second] - x[first]
    apart = run > 0
    if not apart.any():
        return np.inf, np.inf
    slope = float(np.median((y[second] - y[first])[apart] / run[apart]))
    rest = y - slope * x
    return slope, float(np.median(np.abs(rest - np.median(rest))))
