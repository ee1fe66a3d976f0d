"""Reads lists of any length row by row; a row that cannot be read is counted, not fatal."""

import csv
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hdvg.errors import InputError
from hdvg.plain_text import plain_text
from hdvg.sources.source_video import SourceVideo

# The longest video of HD-VILA-100M has some thousand parts of about 100 bytes each. Chosen here: 16
# times that, so that a file without line ends cannot fill the memory.
MAX_ROW_CHARS = 4 * 2**20
# Captions of the published lists have at most some hundred characters.
MAX_TEXT_CHARS = 2000
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:\.\d{1,9})?)")
T = TypeVar("T")


class RowError(ValueError):
    """A row that cannot be used; the message is a reason without the row's values, to be counted.

    It never leaves this package.
    """


@dataclass(frozen=True, kw_only=True)
class SkippedRow:
    """A row of a list that could not be used.

    Attributes:
        where: Which row, for a person: "line 7".
        reason: Why, the same words for the same trouble.
    """

    where: str
    reason: str


Entry = SourceVideo | SkippedRow


def read_entries(
    rows: Iterable[tuple[str, T | RowError]], parse: Callable[[T], SourceVideo]
) -> Iterator[Entry]:
    """Parses rows one by one.

    Args:
        rows: Where each row stands, and the row, or what was wrong with it already.
        parse: Makes a video of a row; raises RowError.
    """
    for where, row in rows:
        try:
            if isinstance(row, RowError):
                raise row
            yield parse(row)
        except RowError as error:
            yield SkippedRow(where=where, reason=str(error))


def read_lines(path: Path) -> Iterator[tuple[str, str | RowError]]:
    """The lines of a text file that are not blank, with "line <number>"."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_ROW_CHARS + 1):
            number += 1
            where = f"line {number}"
            if len(line) > MAX_ROW_CHARS:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_ROW_CHARS)
                yield where, RowError("too long")
                continue
            try:
                text = line.decode("utf-8-sig").strip()
            except UnicodeDecodeError:
                yield where, RowError("not UTF-8")
                continue
            if text:
                yield where, text


def read_csv(path: Path, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str] | RowError]]:
    """The rows of a CSV file with a header, as columns by name.

    Args:
        path: The file.
        needed: Columns that must be in the header and in every row.

    Raises:
        InputError: The header lacks a needed column.
    """
    csv.field_size_limit(MAX_ROW_CHARS)
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in _header(reader, path)]
        if missing:
            raise InputError(f"{path}, line 1: no column {', '.join(missing)}")
        while True:
            try:
                row = next(reader, None)
            except csv.Error:
                yield f"line {reader.line_num}", RowError("not CSV")
                continue
            if row is None:
                return
            yield f"line {reader.line_num}", _check_row(row, needed)


def parse_clock(text: object) -> float:
    """Seconds of a time such as "00:03:03.520", "0:00:10" or "03:05.5"; hours may be absent.

    Raises:
        RowError: Anything else.
    """
    match = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise RowError("a time is not HH:MM:SS")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)


def parse_interval(
    pair: object, parse: Callable[[object], float] = parse_clock
) -> tuple[float, float]:
    """Start and end in seconds of a pair of times.

    Raises:
        RowError: Not two times, or the end does not lie behind the start.
    """
    if not isinstance(pair, list | tuple) or len(pair) != 2:
        raise RowError("a part is not a pair of times")
    start_s, end_s = (parse(value) for value in pair)
    if not 0 <= start_s < end_s:
        raise RowError("a part ends before it starts")
    return start_s, end_s


def parse_number(value: object) -> float:
    """A finite number.

    Raises:
        RowError: Anything else, true and false included.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RowError("not a number where one is needed")
    return float(value)


def parse_text(value: object) -> str:
    """One line of printable characters, at most `MAX_TEXT_CHARS`.

    Raises:
        RowError: Not a text.
    """
    if not isinstance(value, str):
        raise RowError("not a text where one is needed")
    # Almost every text of a list is plain already, and lists have a hundred million.
    plain = len(value) <= MAX_TEXT_CHARS and value.isascii() and value.isprintable()
    return " ".join(value.split()) if plain else plain_text(value, MAX_TEXT_CHARS)


def get_field(row: object, name: str) -> object:
    """A value of a JSON object.

    Raises:
        RowError: Not an object, or the value is missing.
    """
    if not isinstance(row, dict) or name not in row:
        raise RowError(f"no {name!r} in it")
    return row[name]


def _header(reader: "csv.DictReader[str]", path: Path) -> Sequence[str]:
    try:
        return reader.fieldnames or ()
    except csv.Error as error:
        raise InputError(f"{path}, line 1: not CSV ({error})") from error


def _check_row(row: dict[str, str], needed: Sequence[str]) -> dict[str, str] | RowError:
    if None in row or any(row[name] is None for name in needed):
        return RowError("more or fewer columns than the header")
    try:
        "".join(row[name] for name in needed).encode()
    except UnicodeEncodeError:
        return RowError("not UTF-8")
    return row
