"""Shows how a build goes: a live line in a terminal, plain lines in a log."""

import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

# A log wants a sign of life, not a flood.
_LOG_INTERVAL_S = 10.0


@dataclass
class Tally:
    """Counts of one run; `add` takes rows of the videos table."""

    total: int
    num_done: int = 0
    num_clips: int = 0
    failures: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, object]) -> None:
        """Counts one finished video."""
        self.num_done += 1
        self.num_clips += int(str(row["num_clips"]))
        if row["status"] != "ok":
            self.failures[str(row["fail_class"])] += 1


def describe(tally: Tally) -> str:
    """Counts in words: "40 clips, 5 failed (content 3, corrupt 2)"."""
    text = f"{tally.num_clips} clips, {tally.failures.total()} failed"
    classes = ", ".join(f"{name} {count}" for name, count in sorted(tally.failures.items()))
    return f"{text} ({classes})" if classes else text


def format_eta(elapsed_s: float, num_done: int, total: int) -> str:
    """Time left as m:ss at the pace so far; "-:--" before the first video is done."""
    if not num_done:
        return "-:--"
    left_s = round(elapsed_s / num_done * (total - num_done))
    return f"{left_s // 60}:{left_s % 60:02d}"


class View:
    """Shows on standard error how far a run is, from the first update to the end of the block."""

    def __init__(
        self, title: str, total: int, console: Console | None = None, *, noun: str = "videos"
    ) -> None:
        self._title = title
        self._total = total
        self._noun = noun
        self._console = console or Console(stderr=True)
        self._live = self._console.is_terminal
        self._started_s = time.monotonic()
        self._shown_s = -math.inf
        self._shown_done = -1
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(noun + "{task.fields[words]}, ETA"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._task = self._bar.add_task(title, total=total, words="")

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def update(self, num_done: int, words: str = "") -> None:
        """Shows the newest counts; in a log, at most every ten seconds and at the end.

        Args:
            num_done: Finished so far.
            words: What else there is to say, such as `describe` of a tally.
        """
        words = f", {words}" if words else ""
        if self._live:
            self._bar.start()
            self._bar.update(self._task, completed=num_done, words=words)
            return
        now_s = time.monotonic()
        ends = num_done == self._total and self._shown_done != num_done
        if ends or now_s - self._shown_s >= _LOG_INTERVAL_S:
            self._shown_s, self._shown_done = now_s, num_done
            eta = format_eta(now_s - self._started_s, num_done, self._total)
            line = f"{self._title}: {num_done}/{self._total} {self._noun}{words}, ETA {eta}"
            self._console.print(line, highlight=False, soft_wrap=True)
