"""`hdvg build`: videos to a dataset."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.build import BuildSummary

ABOUT = "Videos to a dataset of captioned clips. The same command goes on where it stopped."


def add_arguments(command: "ArgumentParser") -> None:
    """Every field of `BuildConfig` is an option."""
    from hdvg.build import BuildConfig

    command.add_class_arguments(BuildConfig, as_group=False)


def run(options: "Namespace") -> Result:
    """Builds, and counts what came out."""
    from hdvg.build import BuildConfig, build

    config = BuildConfig(**vars(options))
    summary = build(config)
    return Result(text=format_summary(summary, config.data), data=asdict(summary))


def format_summary(summary: "BuildSummary", data: str) -> str:
    """The end of a build in a few lines, failures by class and code."""
    lines = [
        f"{data}: {summary.num_clips} clips from {summary.num_ok} of {summary.num_videos} videos"
        f" in {summary.wall_s:.0f} s"
        f" ({summary.units_made} units made, {summary.units_before} found committed)"
    ]
    lines += [f"  failed: {count:4d} {name}" for name, count in summary.failures.items()]
    if summary.num_retried:
        tried, saved = summary.num_retried, summary.num_recovered
        lines.append(f"  tried again: {tried} failed videos, {saved} of them are ok now")
    rows = summary.skipped_rows.items()
    lines += [f"  rows of the source not read: {count:4d} {reason}" for reason, count in rows]
    quotas = summary.unmet_quotas.items()
    lines += [f"  missing for a quota: {count:4d} of {label!r}" for label, count in quotas]
    if not summary.num_clips:
        lines.append("  no clip came out of it: see fail_message in the videos table")
    return "\n".join(lines) + "\n"
