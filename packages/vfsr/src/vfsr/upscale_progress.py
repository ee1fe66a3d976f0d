"""Shows how far an upscaling is: a bar in a terminal, or lines of JSON for a program."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask

from vfsr.upscale_film import OnFrame

Named = Callable[[str], OnFrame]
"""Given a file's name, what to call after each of its frames."""

_EVERY_S = 1.0


@contextmanager
def progress_bar() -> Iterator[Named]:
    """Frames done, frames per second and the time left on stderr, if that is a terminal."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        _Count("{task.completed}"),
        _FrameRate("{task.speed}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def named(name: str) -> OnFrame:
            bar.reset(task, description=name, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total)

        yield named


@contextmanager
def progress_lines() -> Iterator[Named]:
    """At most a line of JSON a second on stdout, each an event "progress"."""

    def named(name: str) -> OnFrame:
        start_s = shown_s = time.monotonic()
        before: int | None = None

        def on_frame(done: int, total: int | None) -> None:
            nonlocal shown_s, before
            now_s = time.monotonic()
            before = done - 1 if before is None else before
            if now_s - shown_s < _EVERY_S:
                return
            shown_s = now_s
            rate = (done - before) / (now_s - start_s)
            left_s = None if total is None else max(0.0, (total - done) / rate)
            show_line(
                event="progress",
                source=name,
                frames=done,
                total=total,
                frames_per_s=round(rate, 3),
                left_s=None if left_s is None else round(left_s, 1),
            )

        return on_frame

    yield named


def show_line(**fields: object) -> None:
    """Writes one line of JSON to stdout, at once."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


class _Count(TextColumn):
    def render(self, task: ProgressTask) -> str:  # type: ignore[override]
        return f"{task.completed:.0f}/{'?' if task.total is None else f'{task.total:.0f}'}"


class _FrameRate(TextColumn):
    def render(self, task: ProgressTask) -> str:  # type: ignore[override]
        return f"{task.speed:.2f} frames/s" if task.speed else ""
