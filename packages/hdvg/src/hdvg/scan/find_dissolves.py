"""Dissolves: stretches in which every frame is a mixture of the frames before and after them.

For a frame in the middle of a dissolve from A to B, the mean of the frames some time before and
after it is that frame, though those two differ much. Around a hard cut the mean is half A and half
B, which no frame shows; and a moving picture is not the mean of its own past and future, except at
the coarsest scale. So the pictures compared here are coarse (32 x 18), and what is found has to be
explained as a mixture as a whole.
"""

import cv2
import numpy as np
import numpy.typing as npt

from hdvg.scan.gap import Gap
from hdvg.scan.planes import Plane, SmallPicture

# Half of the time over which a frame is compared with the mean of its neighbours.
LAG_S = 0.25
_GRID = (32, 18)
_CHROMA_GRID = (16, 18)
_LUMA_SIZE, _CHROMA_SIZE = _GRID[0] * _GRID[1], _CHROMA_GRID[0] * _CHROMA_GRID[1]
# Least mean difference of the neighbours, in levels, and the largest part of it by which the frame
# may miss their mean. Chosen here: rendered and mixed real footage reached 0.17 in dissolves; pans
# and zooms over real pictures stayed above 0.21.
_MIN_DIFFERENCE = 8.0
_MAX_MISS = 0.2
# Mixed frames this near to each other are one dissolve.
_BREAK = 2
# The mixing weight is followed outwards from the middle to within this of the pure pictures, where
# motion hides it, and the line through the middle is drawn on.
_PURE = 0.05
_INNER = (0.25, 0.75)
# So much of its length is given to a dissolve on either side: a pure frame less costs a clip
# nothing, and without it one in five clips kept frames that were mixed by more than a tenth.
_MARGIN = 0.12


def coarsen(picture: SmallPicture) -> Plane:
    """Luma and chroma of a picture on a coarse grid, as one row of numbers."""
    coarse = np.empty(_LUMA_SIZE + _CHROMA_SIZE, np.uint8)
    luma, chroma = coarse[:_LUMA_SIZE], coarse[_LUMA_SIZE:]
    cv2.resize(picture.luma, _GRID, luma.reshape(_GRID[::-1]), interpolation=cv2.INTER_AREA)
    # Both planes at once: they lie one below the other, and so do their halves of the grid.
    cv2.resize(
        picture.chroma,
        _CHROMA_GRID,
        chroma.reshape(_CHROMA_GRID[::-1]),
        interpolation=cv2.INTER_AREA,
    )
    return coarse


def is_mixed(before: Plane, now: Plane, after: Plane) -> bool:
    """Whether a coarse picture is the mean of two others that differ much."""
    difference = cv2.norm(before, after, cv2.NORM_L1) / len(now)
    if difference < _MIN_DIFFERENCE:
        return False
    mean = (before.astype(np.float32) + after) / 2
    return float(np.abs(mean - now).mean()) < _MAX_MISS * difference


def find_dissolves(mixed: npt.NDArray[np.bool_], coarse: Plane, lag: int) -> list[Gap]:
    """Dissolves.

    Args:
        mixed: `is_mixed` of each frame, False in the first and last `lag`.
        coarse: Coarse pictures of the same frames, [T, N].
        lag: How far apart the compared frames were.

    Returns:
        In order.
    """
    gaps = []
    where = np.flatnonzero(mixed)
    groups = np.split(where, np.flatnonzero(np.diff(where) > _BREAK) + 1) if len(where) else []
    for group in groups:
        extent = _grow(int(group[0]), int(group[-1]), coarse, lag)
        if extent is not None:
            start, end = extent
            margin = round(_MARGIN * (end - start))
            start, end = max(0, start - margin), min(len(coarse), end + margin)
            gaps.append(Gap(start=start, end=end, before="dissolve", after="dissolve"))
    return gaps


def _grow(first: int, last: int, coarse: Plane, lag: int) -> tuple[int, int] | None:
    """Start and end of the dissolve whose frames from `first` to `last` are surely mixed.

    In a long dissolve motion hides the mixture where it begins and ends: where the mixing weight
    runs to the edge of what is looked at, pure pictures are looked for further out.
    """
    found = None
    for reach in (lag + _BREAK, 2 * lag, 3 * lag):
        low, high = max(0, first - reach), min(len(coarse), last + reach + 1)
        extent = _measure(coarse[low:high].astype(np.float32))
        if extent is None:
            break
        found = low + extent[0], low + extent[1]
        if extent[0] > 1 and extent[1] < high - low - 1:
            break
    return found


def _measure(pictures: npt.NDArray[np.float32]) -> tuple[int, int] | None:
    """Start and end of the mixed frames between the first and the last picture, [T, N].

    None when the pictures between are no mixtures of the two.
    """
    start, way = pictures[0], pictures[-1] - pictures[0]
    weight = (pictures - start) @ way / max(float(way @ way), 1e-6)
    explained = start + weight[:, None] * way
    miss = np.abs(explained - pictures).mean() / max(float(np.abs(way).mean()), 1e-6)
    if miss > _MAX_MISS:
        return None
    inner = np.flatnonzero((weight > _INNER[0]) & (weight < _INNER[1]))
    if len(inner) < _BREAK:
        return None
    slope, offset = np.polyfit(inner, weight[inner], 1)
    if slope <= 0:
        return None
    middle = int(inner[len(inner) // 2])
    pure_before = np.flatnonzero(weight[:middle] < _PURE)
    pure_after = np.flatnonzero(weight[middle:] > 1 - _PURE)
    last_before = min([*pure_before[-1:], np.floor(-offset / slope)])
    first_after = max([*(middle + pure_after[:1]), np.ceil((1 - offset) / slope)])
    return max(0, int(last_before) + 1), min(len(pictures), int(first_after))
