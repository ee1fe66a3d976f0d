"""Puts the parts that a list names onto the frames of the real video."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdvg.align_spans import align_spans
from hdvg.scan.result import Scene
from hdvg.sources.source_video import Span


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a video by its frames.

    Attributes:
        first: First frame.
        last: The frame after its last.
        caption: What the list says of it; several captions stand one a line.
        name: The list's own id of it; several are separated by spaces.
    """

    first: int
    last: int
    caption: str
    name: str = ""


def place_spans(
    spans: Sequence[Span], times_s: npt.NDArray[np.float64], cuts_s: Sequence[float]
) -> list[Part]:
    """Snaps spans to the frames that are nearest to their ends.

    Spans whose place is uncertain are aligned by the video's cuts, and left out where that fails.
    So are those that lie outside of the video. Spans of the same frames become one part.

    Args:
        spans: As the list gave them, from the video's first frame.
        times_s: Time of each frame, and of the end of the last one, from the first frame, [T + 1].
        cuts_s: Where the video cuts, from the first frame.

    Returns:
        Parts of at least one frame, in order of their start, then of their end.
    """
    found: dict[tuple[int, int], list[Span]] = {}
    for span in align_spans(spans, cuts_s):
        if span.early_s:
            continue
        first, last = _nearest(times_s, span.start_s), _nearest(times_s, span.end_s)
        if first < last:
            found.setdefault((first, last), []).append(span)
    return [
        Part(
            first=first,
            last=last,
            caption="\n".join(span.caption for span in same if span.caption),
            name=" ".join(span.name for span in same if span.name),
        )
        for (first, last), same in sorted(found.items())
    ]


class Layout:
    """The parts of one video, once its frames are known; `place` is what a scan asks for.

    Args:
        spans: As the list gave them.
    """

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._parts: list[Part] = []

    def place(
        self, times_s: npt.NDArray[np.float64], cuts_s: Sequence[float]
    ) -> list[tuple[int, int]]:
        """Places the spans; see `place_spans`."""
        self._parts = place_spans(self._spans, times_s, cuts_s)
        return [(part.first, part.last) for part in self._parts]

    def part_of(self, scene: Scene) -> Part:
        """The part that a scene was made of."""
        return self._parts[scene.index]


def without_overlap(scenes: Sequence[Scene]) -> list[list[Scene]]:
    """Deals scenes into as few groups as it takes for none to overlap another of its group.

    Args:
        scenes: In order of their start.
    """
    groups: list[list[Scene]] = []
    for scene in scenes:
        free = (group for group in groups if group[-1].end_pts <= scene.start_pts)
        group = next(free, None)
        if group is None:
            groups.append([scene])
        else:
            group.append(scene)
    return groups


def _nearest(times_s: npt.NDArray[np.float64], time_s: float) -> int:
    """Index of the time that is nearest; of two, the earlier."""
    after = int(np.searchsorted(times_s, time_s))
    if after == 0:
        return 0
    if after == len(times_s) or time_s - times_s[after - 1] <= times_s[after] - time_s:
        return after - 1
    return after
