"""`hdvg caption`: a sentence for every clip, from its keyframe."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.captioning.caption_dataset import CaptionSummary

ABOUT = "Captions clips by BLIP-2 from their keyframes. The same command goes on where it stopped."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset; every other field of `CaptionConfig` is an option."""
    from hdvg.captioning.caption_dataset import CaptionConfig

    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_class_arguments(CaptionConfig, as_group=False, skip={"data"})


def run(options: "Namespace") -> Result:
    """Captions, and counts what came out."""
    from hdvg.captioning.caption_dataset import CaptionConfig, caption_dataset

    summary = caption_dataset(CaptionConfig(**vars(options)))
    return Result(text=format_summary(summary, options.data), data=asdict(summary))


def format_summary(summary: "CaptionSummary", data: str) -> str:
    """The end of a run in a few lines."""
    lines = [
        f"{data}: {summary.num_captions} of {summary.num_clips} clips have a caption in the family"
        f" {summary.family!r} by {summary.model}; {summary.num_made} made in"
        f" {summary.wall_s:.0f} s ({summary.units_made} units made, {summary.units_before} found"
        " committed)"
    ]
    if summary.num_unreadable:
        lines.append(f"  left out: {summary.num_unreadable:4d} keyframes cannot be decoded")
    return "\n".join(lines) + "\n"
