"""Selections: an expression, saved in the dataset under a name or given as it is.

A selection is a rule and no list: a reader applies it to the clips that are there when it opens the
dataset, so a dataset that grows grows in its subsets too.
"""

import json
import re
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.select.columns import Columns
from hdvg.select.evaluate import select_rows
from hdvg.select.expression import parse_expression
from hdvg.storage import Storage

_FOLDER = "selections"
_VERSION = 1
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

SHIPPED: dict[str, str] = {
    # What the paper (section 4) asks of HD-VG-130M: at least 720p, widescreen, no watermark, one
    # scene a clip. A clip of ours is one scene unless a source list said where to cut (boundary
    # "span"). 1.6 is 16:10, the narrowest picture that is sold as wide; the watermark's limit is
    # the middle of its scale.
    "hd_vg": (
        "height >= 720 and aspect >= 1.6 and watermark < 0.5"
        " and boundary_start != 'span' and boundary_end != 'span'"
    ),
}
"""Selections that every dataset has."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """A named rule, with what it came to when it was saved."""

    name: str
    """What readers call it."""
    expression: str
    """The rule."""
    digest: str
    """Digest of the rule."""
    num_clips: int
    """Clips that it chose when it was saved."""
    num_clips_total: int
    """Clips that there were."""
    duration_s: float
    """Seconds that the chosen clips last."""


def clip_mask(
    catalogue: Catalogue, select: str, clips: pa.Table | None = None
) -> npt.NDArray[np.bool_]:
    """Which clips a selection chooses.

    Args:
        catalogue: The dataset.
        select: The name of a selection, saved or shipped, or an expression.
        clips: Rows of the clips table; by default all of them.

    Returns:
        bool, one a row of `clips`.

    Raises:
        InputError: Neither a known name nor a sound expression.
    """
    columns = Columns(catalogue, clips)
    expression = parse_expression(find_expression(catalogue.storage, select))
    try:
        return select_rows(expression, columns.column, len(columns))
    except InputError as error:
        if select.strip() in expression.names:  # a single word: a name that nobody saved?
            known = ", ".join(list_selections(catalogue.storage))
            raise InputError(f"no selection {select!r}; there are: {known}") from error
        raise


def measure(catalogue: Catalogue, expression: str, name: str = "") -> Selection:
    """What a rule comes to in a dataset as it is now."""
    clips = catalogue.table("clips")
    mask = clip_mask(catalogue, expression, clips)
    lasts = clips["end_s"].to_numpy() - clips["start_s"].to_numpy()
    parsed = parse_expression(find_expression(catalogue.storage, expression))
    return Selection(
        name=name,
        expression=parsed.text,
        digest=parsed.digest,
        num_clips=int(mask.sum()),
        num_clips_total=len(clips),
        duration_s=round(float(lasts[mask].sum()), 3),
    )


def save_selection(storage: Storage, selection: Selection) -> None:
    """Saves a rule under its name; one that stands there with the same rule is refreshed.

    Raises:
        InputError: The name is none, is shipped, or stands for another rule.
    """
    name = selection.name
    if not _NAME.fullmatch(name):
        raise InputError(
            f"a selection's name is a letter, then letters, digits and _, got {name!r}"
        )
    if name in SHIPPED:
        raise InputError(f"the selection {name!r} comes with hdvg; take another name")
    if storage.exists(_file_of(name)):
        found = read_selection(storage, name)
        if found.digest != selection.digest:
            raise InputError(
                f"the selection {name!r} stands for {found.expression!r} already; take another name"
            )
    body = {"schema_version": _VERSION, **asdict(selection)}
    storage.write_bytes(_file_of(name), json.dumps(body, indent=1, sort_keys=True).encode())


def read_selection(storage: Storage, name: str) -> Selection:
    """Reads a saved selection.

    Raises:
        InputError: The file is none of ours.
    """
    where = f"{storage.root}/{_file_of(name)}"
    try:
        body = json.loads(storage.read_bytes(_file_of(name)))
        version = body.pop("schema_version")
        if version != _VERSION:
            raise InputError(f"{where} has schema version {version}, this is {_VERSION}")
        return Selection(**body)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"not a selection: {where} ({error!r})") from error


def list_selections(storage: Storage) -> dict[str, str]:
    """Expression by name: the shipped ones first, then the saved ones, sorted."""
    names = [file.removesuffix(".json") for file in storage.list_files(_FOLDER, ".json")]
    return SHIPPED | {name: read_selection(storage, name).expression for name in names}


def find_expression(storage: Storage, select: str) -> str:
    """The expression behind a name; anything that is no known name is returned as it is."""
    name = select.strip()
    if not _NAME.fullmatch(name):
        return select
    if name in SHIPPED:
        return SHIPPED[name]
    return read_selection(storage, name).expression if storage.exists(_file_of(name)) else select


def _file_of(name: str) -> str:
    return f"{_FOLDER}/{name}.json"
