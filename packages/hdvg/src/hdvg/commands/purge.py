"""`hdvg purge`: takes videos down, and keeps them from coming back."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

ABOUT = "Takes videos or channels down: every trace of their clips goes, and they never come back."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset, and what is to go."""
    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_argument("--video", type=str, nargs="+", default=[], help="video ids")
    command.add_argument(
        "--channel", type=str, nargs="+", default=[], help="channels, as in the videos table"
    )
    command.add_argument(
        "--reason", type=str, default="", help="kept with the tombstones, such as a letter's date"
    )


def run(options: "Namespace") -> Result:
    """Purges, and says how much went."""
    from hdvg.claim import claim
    from hdvg.dataset_folder import open_dataset
    from hdvg.errors import InputError
    from hdvg.purge import purge

    if not options.video and not options.channel:
        raise InputError("nothing to purge: give --video or --channel")
    storage, _ = open_dataset(options.data)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    with claim(storage):
        found = purge(storage, options.video, options.channel, options.reason, now)
    text = (
        f"{options.data}: {len(found.videos)} videos taken down, {found.num_clips} clips removed,"
        f" {found.num_units} units written anew\n"
    )
    return Result(text=text, data=asdict(found))
