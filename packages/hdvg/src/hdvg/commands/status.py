"""`hdvg status`: how far a dataset is, and what to do about it."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.status import Status

ABOUT = "Says how far a dataset is: units, videos by outcome, clips, families, what can be retried."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset."""
    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")


def run(options: "Namespace") -> Result:
    """Counts, and suggests the next command."""
    from hdvg.dataset_folder import open_dataset
    from hdvg.status import read_status

    storage, _ = open_dataset(options.data)
    status = read_status(storage)
    return Result(text=format_status(status, options.data), data=asdict(status))


def format_status(status: "Status", data: str) -> str:
    """The state in some lines; hints where there is something to do."""
    num_done = sum(status.outcomes.values())
    busy = "; something is writing it now" if status.is_busy else ""
    lines = [
        f"{data}: {status.units_committed} of {status.units_planned} units,"
        f" {num_done} of {status.videos_planned} videos{busy}",
        f"  clips: {status.num_clips}, {status.hours:.2f} h, {status.nbytes / 1e6:.1f} MB",
    ]
    lines += [f"  videos: {count:6d} {outcome}" for outcome, count in status.outcomes.items()]
    for family, count in status.coverage.items():
        share = count / max(1, status.num_clips)
        lines.append(f"  {family}: {count} clips ({share:.0%})")
    if status.num_tombstones:
        lines.append(f"  taken down: {status.num_tombstones} videos and channels")
    if not status.is_busy and status.units_committed < status.units_planned:
        lines.append("  not finished: the command that built it goes on with it")
    if status.retryable:
        count = sum(status.retryable.values())
        classes = ",".join(status.retryable)
        lines.append(f"  {count} failed videos may be tried again: build with --retry {classes}")
    return "\n".join(lines) + "\n"
