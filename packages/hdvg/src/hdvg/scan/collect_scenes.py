"""Puts scenes together as their ends become certain, from what was kept of their frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from hdvg.scan.config import ScanConfig
from hdvg.scan.find_boundaries import Boundaries


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A scene by its frames: those from `first` on, before `last`.

    Attributes:
        first: First frame.
        last: The frame after its last.
        starts: What starts it, as in `Scene`.
        ends: What ends it.
    """

    first: int
    last: int
    starts: str
    ends: str


class SceneCollector:
    """Turns boundaries, as they come, into pieces of at most the wanted length.

    Args:
        config: The lengths.
        time_s: Time of a frame by its number, in seconds; of the number after the last, the end.
    """

    def __init__(self, config: ScanConfig, time_s: Callable[[int], float]) -> None:
        self._config = config
        self._time_s = time_s
        self._seen = 0
        self._first: int | None = None
        self._starts = "video_edge"

    @property
    def needed_from(self) -> int:
        """The first frame that may still become part of a piece."""
        return self._seen if self._first is None else self._first

    def take(self, found: Boundaries) -> Iterator[Piece]:
        """Takes the verdict on the next frames and yields the pieces that ended in them."""
        for index, gap in enumerate(found.gap.tolist(), start=self._seen):
            mark = found.marks.get(index, "")
            if self._first is not None and (gap or mark):
                yield from self._close(index, mark or "cut")
            if self._first is None and not gap:
                self._first, self._starts = index, mark or self._starts
        self._seen += len(found.gap)
        yield from self._shorten()

    def finish(self) -> Iterator[Piece]:
        """Yields the pieces of the scene that the video ends with."""
        if self._first is not None:
            yield from self._close(self._seen, "video_edge")

    def _shorten(self) -> Iterator[Piece]:
        """Cuts full pieces off the running scene while what is left is longer than another one."""
        limit = self._config.max_scene_s
        while self._first is not None and self._length_s(self._first, self._seen) >= 2 * limit:
            until = self._frame_at(self._time_s(self._first) + limit, self._first + 1, self._seen)
            yield Piece(first=self._first, last=until, starts=self._starts, ends="forced")
            self._first, self._starts = until, "forced"

    def _close(self, last: int, kind: str) -> Iterator[Piece]:
        """The running scene ends before frame `last`: one piece, or two of equal length."""
        assert self._first is not None, "only a running scene can end"
        edges = [self._first, last]
        length_s = self._length_s(self._first, last)
        if length_s > self._config.max_scene_s + 1e-9 and last - self._first > 1:
            middle_s = self._time_s(self._first) + length_s / 2
            edges.insert(1, self._frame_at(middle_s, self._first + 1, last - 1))
        kinds = [self._starts, *["forced"] * (len(edges) - 2), kind]
        for (first, until), (starts, ends) in zip(pairwise(edges), pairwise(kinds), strict=True):
            yield Piece(first=first, last=until, starts=starts, ends=ends)
        self._first, self._starts = None, kind

    def _length_s(self, first: int, last: int) -> float:
        return self._time_s(last) - self._time_s(first)

    def _frame_at(self, time_s: float, low: int, high: int) -> int:
        """The first frame in low..high that is not before a time; `high` if all are."""
        while low < high:
            middle = (low + high) // 2
            if self._time_s(middle) < time_s - 1e-9:
                low = middle + 1
            else:
                high = middle
        return low
