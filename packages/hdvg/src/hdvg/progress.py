"""Shows how a run goes on standard error: live lines in a terminal, plain lines in a log."""

import math
import time
from collections.abc import Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from hdvg.tally import Tally, describe_counts, describe_pace, describe_work, format_eta

# A log wants a sign of life, not a flood.
_LOG_INTERVAL_S = 10.0


class View:
    """Shows how far a run is, from the first update to the end of the block."""

    def __init__(
        self, title: str, total: int, console: Console | None = None, *, noun: str = "videos"
    ) -> None:
        self._title = title
        self._total = total
        self._noun = noun
        self._console = console or Console(stderr=True)
        self._started_s = time.monotonic()
        self._shown_s = -math.inf
        self._shown_done = -1
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(20),
            MofNCompleteColumn(),
            TextColumn(noun + "{task.fields[words]}"),
            console=self._console,
        )
        self._task = self._bar.add_task(title, total=total, words="")
        self._live = Live(self._bar, console=self._console, refresh_per_second=4)

    def __enter__(self) -> "View":
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, num_done: int, words: str = "") -> None:
        """Shows the newest count; in a log, at most every ten seconds and at the end.

        Args:
            num_done: Finished so far.
            words: What else there is to say in a line.
        """
        elapsed_s = time.monotonic() - self._started_s
        eta = format_eta(Tally(total=self._total, num_done=num_done, elapsed_s=elapsed_s))
        self._show(num_done, [words, f"ETA {eta}"])

    def follow(self, tally: Tally) -> None:
        """Shows the counts of a build; in a terminal also what is worked on."""
        counts, pace, work = describe_counts(tally), describe_pace(tally), describe_work(tally)
        eta = f"ETA {format_eta(tally)}"
        if self._console.is_terminal:
            self._show(tally.num_done, [eta], [counts, pace, f"at work: {work}" if work else ""])
        else:
            self._show(tally.num_done, [counts, pace, eta])

    def _show(self, num_done: int, words: Sequence[str], below: Sequence[str] = ()) -> None:
        text = "".join(f", {part}" for part in words if part)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=num_done, words=text)
            lines = [
                Padding(Text(line, "dim", no_wrap=True), (0, 0, 0, 2)) for line in below if line
            ]
            self._live.update(Group(self._bar, *lines))
            self._live.start()
            return
        now_s = time.monotonic()
        ends = num_done == self._total and self._shown_done != num_done
        if ends or now_s - self._shown_s >= _LOG_INTERVAL_S:
            self._shown_s, self._shown_done = now_s, num_done
            line = f"{self._title}: {num_done}/{self._total} {self._noun}{text}"
            self._console.print(line, highlight=False, soft_wrap=True)
