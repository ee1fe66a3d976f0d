"""The numbers of a video's frames as they arrive, and its boundaries as soon as they are certain.

A boundary is certain once the frames after it have been seen for as long as a transition may last.
So a video of any length is judged in stretches, with a few numbers kept for each frame and coarse
pictures for some seconds.
"""

from array import array
from collections import deque
from fractions import Fraction

import numpy as np

from hdvg.scan.config import ScanConfig
from hdvg.scan.find_boundaries import Boundaries, Series, Stretch, find_boundaries
from hdvg.scan.find_cuts import WINDOW, find_cuts
from hdvg.scan.find_dissolves import LAG_S, is_mixed
from hdvg.scan.measure_change import FrameNumbers
from hdvg.scan.planes import Plane

# How far a verdict on a frame looks to either side, and how many seconds are judged at once.
_CONTEXT_S, _STRETCH_S = 3.0, 2.0
_RAMP_S = 1.25
# Frames after which the rate at which they arrive is taken as known.
_RATE_FRAMES = 24


class Timeline:
    """What is known of the frames so far.

    Attributes:
        pts: Timestamps.
        motion: As in `FrameNumbers`, and so are the next two.
        luma: Likewise.
        contrast: Likewise.
        settled: How many frames have been judged for good.
    """

    def __init__(self, config: ScanConfig, time_base: Fraction) -> None:
        self.pts = array("q")
        self.motion, self.luma, self.contrast = array("d"), array("d"), array("d")
        self.settled = 0
        self._change, self._mixed = array("d"), array("b")
        self._coarse: deque[Plane] = deque()
        self._config = config
        self._time_base = time_base
        self._context = self._lag = self._stretch = 0

    def __len__(self) -> int:
        return len(self.pts)

    def add(self, pts: int, numbers: FrameNumbers, coarse: Plane) -> bool:
        """Appends a frame; answers whether a scene may just have begun, a guess for the impatient.

        Args:
            pts: Above the last one's.
            numbers: Of the frame.
            coarse: Its coarse picture.
        """
        self.pts.append(pts)
        self.motion.append(numbers.motion)
        self.luma.append(numbers.luma)
        self.contrast.append(numbers.contrast)
        self._change.append(numbers.change)
        self._coarse.append(coarse)
        if not self._lag and len(self) == _RATE_FRAMES:
            self._set_rate()
        return self._look_for_mixtures() or self._is_cut_behind()

    def judge(self, *, at_end: bool = False) -> Boundaries | None:
        """Judges the next stretch once enough frames are there, or all that are left at the end.

        Returns:
            Boundaries with marks by frame number, and a mask over the frames from `settled` as it
            was before; None while it is too early.
        """
        if at_end:
            if not self._lag:
                self._set_rate()
                self._look_for_mixtures()
            upto = len(self)
        else:
            upto = len(self) - self._context
            if not self._lag or upto - self.settled < self._stretch:
                return None
        first = max(0, self.settled - self._context)
        found = find_boundaries(self._slice(first), self._config)
        start, self.settled = self.settled, upto
        marks = {first + i: kind for i, kind in found.marks.items() if start <= first + i < upto}
        for _ in range(max(0, upto - self._context) - first):
            self._coarse.popleft()
        return Boundaries(gap=found.gap[start - first : upto - first], marks=marks)

    def _slice(self, first: int) -> Stretch:
        mixed = np.zeros(len(self) - first, np.bool_)
        known = np.asarray(self._mixed[first:], np.bool_)
        mixed[: len(known)] = known
        dropped = len(self) - len(self._coarse)
        return Stretch(
            change=np.asarray(self._change[first:]),
            luma=np.asarray(self.luma[first:]),
            contrast=np.asarray(self.contrast[first:]),
            mixed=mixed,
            coarse=np.stack([self._coarse[i - dropped] for i in range(first, len(self))]),
            lag=self._lag,
            reach=max(3, round(_RAMP_S / LAG_S * self._lag)),
            steps=self._steps(first) if self._config.fast else None,
        )

    def _steps(self, first: int) -> Series:
        """How many frames each one from `first` on is after the one before."""
        apart = np.diff(np.asarray(self.pts[max(0, first - 1) :], np.float64))
        steps = np.rint(apart / max(1.0, float(apart.min(initial=np.inf))))
        return steps if first else np.append(1.0, steps)

    def _set_rate(self) -> None:
        span_s = float((self.pts[-1] - self.pts[0]) * self._time_base)
        rate = (len(self) - 1) / span_s if span_s > 0 else 1.0
        self._lag = max(3, round(LAG_S * rate))
        self._context = round(_CONTEXT_S / LAG_S * self._lag)
        self._stretch = round(_STRETCH_S / LAG_S * self._lag)

    def _look_for_mixtures(self) -> bool:
        """Compares frames whose neighbours are there; answers whether a mixture has ended."""
        ended = False
        while self._lag and len(self._mixed) + self._lag < len(self):
            now = len(self._mixed)
            at = now - len(self) + len(self._coarse)
            mixed = now >= self._lag and is_mixed(
                self._coarse[at - self._lag], self._coarse[at], self._coarse[at + self._lag]
            )
            ended = ended or (bool(self._mixed) and bool(self._mixed[-1]) and not mixed)
            self._mixed.append(mixed)
        return ended

    def _is_cut_behind(self) -> bool:
        width = 2 * WINDOW + 1
        if len(self) < width or self._change[-1 - WINDOW] < self._config.min_change:
            return False
        last = np.asarray(self._change[-width:])
        return bool(find_cuts(last, self._config.cut_ratio, self._config.min_change))
