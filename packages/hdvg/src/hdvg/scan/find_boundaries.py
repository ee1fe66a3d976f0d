"""Where scenes begin and end in a stretch of frames: cuts, and gaps that belong to no scene."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdvg.scan.config import ScanConfig
from hdvg.scan.find_cuts import find_cuts
from hdvg.scan.find_dissolves import find_dissolves
from hdvg.scan.find_fades import find_fades
from hdvg.scan.gap import Gap
from hdvg.scan.planes import Plane

Series = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """Consecutive frames in numbers.

    Attributes:
        change: As in `FrameNumbers`, and so are the next two, [T].
        luma: [T].
        contrast: [T].
        mixed: `is_mixed` of each frame, [T].
        coarse: Coarse pictures, [T, N].
        lag: Frames between those that `is_mixed` compared.
        reach: Most frames that one ramp of a fade may take.
        steps: As `find_cuts` takes it.
    """

    change: Series
    luma: Series
    contrast: Series
    mixed: Mask
    coarse: Plane
    lag: int
    reach: int
    steps: Series | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Boundaries:
    """What was found.

    Attributes:
        gap: Whether each frame belongs to no scene, [T].
        marks: "cut", "fade" or "dissolve" by frame: at the first frame of a gap what ends the
            scene before, at any other what starts the scene that begins there.
    """

    gap: Mask
    marks: dict[int, str]


def find_boundaries(stretch: Stretch, config: ScanConfig) -> Boundaries:
    """Finds every boundary in a stretch."""
    fades = find_fades(stretch.luma, stretch.contrast, config.black_level, stretch.reach)
    # The ramps of a fade are mixtures too.
    mixed = stretch.mixed.copy()
    for fade in fades:
        mixed[max(0, fade.start - stretch.lag) : fade.end + stretch.lag] = False
    gaps = fades + find_dissolves(mixed, stretch.coarse, stretch.lag)
    cuts = find_cuts(stretch.change, config.cut_ratio, config.min_change, stretch.steps)
    return _combine(len(stretch.change), gaps, cuts)


def _combine(length: int, gaps: list[Gap], cuts: list[int]) -> Boundaries:
    """Unites gaps that touch, and drops cuts that are part of one."""
    inside = np.zeros(length + 1, np.bool_)
    for gap in gaps:
        inside[gap.start : gap.end] = True
    marks = {cut: "cut" for cut in cuts if not any(gap.absorbs(cut) for gap in gaps)}
    for gap in gaps:
        if gap.start == 0 or not inside[gap.start - 1]:
            marks[gap.start] = gap.before
        if not inside[gap.end]:
            marks[gap.end] = gap.after
    return Boundaries(gap=inside[:length], marks=marks)
