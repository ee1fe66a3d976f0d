"""`vfsr upscale`: a video file in, a video file four times as large on each side out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import jsonargparse
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask

from hdvg.errors import InputError
from hdvg.video import open_media
from vfsr.upscale_film import upscale_file


def run_upscale(arguments: Sequence[str]) -> None:
    """Upscales a file.

    Args:
        arguments: The command line after "upscale".

    Raises:
        InputError: A bad argument, or whatever `upscale_file` refuses.
    """
    options = _parse(arguments)
    with _progress(options.source) as advance:
        count = upscale_file(
            options.source,
            options.target,
            model=options.model,
            device=options.device,
            on_frame=advance,
        )
    Console(stderr=True).print(f"{options.target}: {count} frames", highlight=False)


def _parse(arguments: Sequence[str]) -> jsonargparse.Namespace:
    parser = jsonargparse.ArgumentParser(
        prog="vfsr upscale",
        description="Upscales a video four times on each side. Frame count, timestamps, audio, "
        "colour tags and rotation stay as they are.",
        exit_on_error=False,
    )
    parser.add_argument("--config", action="config", help="YAML file with any of these options.")
    parser.add_argument("source", type=str, help="Video file to read.")
    parser.add_argument("target", type=str, help="Where to write: .mp4, .m4v, .mov or .mkv.")
    parser.add_argument(
        "--model",
        type=str | None,
        default=None,
        help="Model folder or hub id; the model that ships with vfsr if not given.",
    )
    parser.add_argument(
        "--device",
        type=str | None,
        default=None,
        help="Such as cpu or cuda; CUDA if there is one, else the CPU, if not given.",
    )
    try:
        return parser.parse_args(list(arguments))
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error


@contextmanager
def _progress(source: str) -> Iterator[Callable[[], None]]:
    """Shows frames done, frames per second and the time left, in a terminal only."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("upscaling"),
        BarColumn(),
        MofNCompleteColumn(),
        _FrameRate("{task.speed}"),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("upscaling", total=_count_frames(source))
        yield lambda: bar.advance(task)


class _FrameRate(TextColumn):
    def render(self, task: ProgressTask) -> str:  # type: ignore[override]
        return f"{task.speed:.2f} frames/s" if task.speed else ""


def _count_frames(source: str) -> int | None:
    """What the container says, or duration times rate; None when it says neither."""
    with open_media(source) as container:
        film = container.streams.video[0]
        if film.frames:
            return film.frames
        if container.duration and film.average_rate:
            return round(container.duration / 1e6 * film.average_rate)
    return None
