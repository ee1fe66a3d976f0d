"""`hdvg select`: counts what an expression chooses, and saves it under a name."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.select.selection import Selection

ABOUT = "Counts the clips that an expression chooses, and saves it under a name for readers."


def add_arguments(command: "ArgumentParser") -> None:
    """The dataset, the expression and its name."""
    command.add_argument("data", type=str, help="the dataset folder, or an fsspec URL")
    command.add_argument(
        "expression",
        type=str,
        nargs="?",
        default="",
        help="which clips, such as \"height >= 720 and watermark < 0.5 and 'dog' in caption\", or"
        " the name of a selection; any column of docs/formats.md, aspect, duration_s, caption;"
        " left out: list the selections that there are",
    )
    command.add_argument(
        "--name", type=str, default="", help="save it under this name; empty: count only"
    )


def run(options: "Namespace") -> Result:
    """Measures one selection and saves it, or measures all that there are."""
    from hdvg.catalogue import Catalogue
    from hdvg.dataset_folder import open_dataset
    from hdvg.errors import InputError
    from hdvg.select.selection import measure, save_selection

    storage, _ = open_dataset(options.data)
    catalogue = Catalogue(storage)
    if not options.expression:
        if options.name:
            raise InputError(f"--name {options.name} needs an expression to stand for")
        return _list(catalogue)
    found = measure(catalogue, options.expression, options.name)
    if options.name:
        save_selection(storage, found)
    saved = f"saved as {options.name!r}: " if options.name else ""
    return Result(text=f"{saved}{_describe(found)}\n", data=asdict(found))
