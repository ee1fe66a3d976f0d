"""`hdvg select`: counts what an expression chooses, and saves it under a name."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from hdvg.commands.result import Result

if TYPE_CHECKING:
    from argparse import Namespace

    from jsonargparse import ArgumentParser

    from hdvg.catalogue import Catalogue
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


def _list(catalogue: "Catalogue") -> Result:
    """Every selection as it counts now; one that cannot be applied here says why."""
    from hdvg.errors import InputError
    from hdvg.select.selection import list_selections, measure

    lines, facts = [], []
    for name, expression in list_selections(catalogue.storage).items():
        try:
            found = measure(catalogue, expression, name)
        except InputError as error:
            lines.append(f"{name}: {error}: {expression}")
            facts.append({"name": name, "expression": expression, "error": str(error)})
        else:
            lines.append(f"{name}: {_describe(found)}")
            facts.append(asdict(found))
    return Result(text="\n".join(lines) + "\n", data={"selections": facts})


def _describe(selection: "Selection") -> str:
    share = selection.num_clips / max(1, selection.num_clips_total)
    return (
        f"{selection.num_clips} of {selection.num_clips_total} clips ({share:.1%}),"
        f" {selection.duration_s / 3600:.2f} h: {selection.expression}"
    )
