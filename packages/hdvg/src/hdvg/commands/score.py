"""`hdvg score`: text in the picture, near duplicates and repeated captions."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.scoring.score_dataset import ScoreSummary

ABOUT = "Scores text in the picture, near duplicates and repeated captions. Run it again any time."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset; every other field of `ScoreConfig` is an option."""
    from hdvg.scoring.score_dataset import ScoreConfig

    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_class_arguments(ScoreConfig, as_group=False, skip={"data"})


def run(options: "Namespace") -> Result:
    """Scores, and counts what was found."""
    from hdvg.scoring.score_dataset import ScoreConfig, score_dataset

    summary = score_dataset(ScoreConfig(**vars(options)))
    return Result(text=format_summary(summary, options.data), data=asdict(summary))


def format_summary(summary: "ScoreSummary", data: str) -> str:
    """The end of a run in a few lines."""
    lines = [
        f"{data}: {summary.num_clips} clips scored in {summary.wall_s:.0f} s"
        f" (text of {summary.text_units} units, repeats of {summary.repeat_units} units are new)",
        f"  {summary.duplicates} clips look like an earlier one,"
        f" {summary.repeated_captions} share their caption with another",
    ]
    if summary.unreadable:
        lines.append(f"  {summary.unreadable} keyframes cannot be read: their text is unknown")
    return "\n".join(lines) + "\n"
