"""`hdvg verify`: is everything there that a dataset promises?"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.verify import Verdict

ABOUT = (
    "Checks a dataset: commits, tables, shards, leftovers; decodes a sample. Exit code 1: damage."
)


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset, and how hard to look."""
    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_argument(
        "--deep", action="store_true", help="read and hash every file and every clip"
    )
    command.add_argument("--sample", type=int, default=16, help="how many clips to decode")
    command.add_argument("--seed", type=int, default=0, help="decides which clips are decoded")


def run(options: "Namespace") -> Result:
    """Looks, and prints one line a finding."""
    from hdvg.dataset_folder import open_dataset
    from hdvg.errors import InputError
    from hdvg.verify import verify

    if options.sample < 0:
        raise InputError(f"sample must not be negative, got {options.sample}")
    storage, _ = open_dataset(options.data)
    found = verify(storage, deep=options.deep, num_sampled=options.sample, seed=options.seed)
    return Result(
        text=format_verdict(found, options.data), data=asdict(found), exit_code=bool(found.damage)
    )


def format_verdict(verdict: "Verdict", data: str) -> str:
    """The findings, and what was looked at."""
    state = f"{len(verdict.damage)} findings" if verdict.damage else "in order"
    lines = [
        *verdict.damage,
        f"{data}: {state}: {verdict.num_units} units, {verdict.num_videos} videos,"
        f" {verdict.num_clips} clips, {verdict.num_decoded} of them decoded",
    ]
    if verdict.is_busy:
        lines.append("  something is writing it now: files without a commit were not looked for")
    return "\n".join(lines) + "\n"
