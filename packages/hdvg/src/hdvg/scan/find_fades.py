"""Fades through black and through white, with their ramps, and plain black or white frames.

A fade scales a picture down to one flat colour, so a frame's root-mean-square distance from that
colour falls and rises with it. Mean and deviation of luma are all that takes.
"""

import numpy as np
import numpy.typing as npt

from hdvg.scan.gap import Gap

Series = npt.NDArray[np.float64]

_WHITE = 255.0
# A frame between two ramps may fall between black and the next step: this deep a valley will do.
_VALLEY = 0.25
# A ramp goes on as long as two frames change the distance by this part; a scene's own brightness
# changes less. The longest fades that are found take 2 s at 30 frames a second.
_STEEPNESS = 1.02
# Fewer steps from full to flat are a hard cut; real fades take 8 frames and more.
_HARD_STEPS = 2


def find_fades(luma: Series, contrast: Series, level: float, reach: int) -> list[Gap]:
    """Fades and flat stretches.

    Args:
        luma: Mean luma of each frame, levels of 0..255.
        contrast: Standard deviation of luma of each frame, in levels.
        level: Distance from black or white below which a frame is flat, in levels.
        reach: Most frames that a ramp, or a valley that is not quite flat, may take.

    Returns:
        In order, for black first.
    """
    gaps: list[Gap] = []
    for flat in (0.0, _WHITE):
        distance = np.hypot(luma - flat, contrast)
        for start, end in _runs(_is_flat(distance, level, reach)):
            first = start - _ramp_length(distance[:start][::-1], distance[start], reach)
            after = end + _ramp_length(distance[end:], distance[end - 1], reach)
            gaps.append(_gap(start, end, first, after))
    return gaps


def _gap(start: int, end: int, first: int, after: int) -> Gap:
    """The flat frames [start, end) with the ramps that begin at `first` and end before `after`."""
    falls, rises = start - first > _HARD_STEPS, after - end > _HARD_STEPS
    return Gap(
        start=first if falls else min(start, first + 1),
        end=after if rises else max(end, after - 1),
        before="fade" if falls else "cut",
        after="fade" if rises else "cut",
    )


def _is_flat(distance: Series, level: float, reach: int) -> npt.NDArray[np.bool_]:
    """Whether each frame is flat, or lies in a short valley so deep that only a fade makes it."""
    flat = distance < level
    padded = np.pad(distance, reach, mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(padded, reach + 1).max(axis=1)
    shoulder = np.minimum(highest[: len(distance)], highest[reach:])
    valley = distance < _VALLEY * shoulder
    for start, end in _runs(valley):
        if end - start <= reach // 2:
            lowest = start + int(np.argmin(distance[start:end]))
            flat[lowest] = True
    return flat


def _ramp_length(outwards: Series, edge: float, reach: int) -> int:
    """How many of the frames next to a flat stretch still climb, the last one at the full level."""
    level, length = edge, 0
    for step in range(min(reach, len(outwards))):
        ahead = outwards[step : step + 2].max()
        if ahead < level * _STEEPNESS:
            break
        level, length = max(level, outwards[step]), step + 1
    return length


def _runs(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Start and end of each run of True."""
    edges = np.flatnonzero(np.diff(np.pad(mask.astype(np.int8), 1)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
