"""What hdvg writes holds every column that anybody reads."""

import ast
from pathlib import Path

import pytest

from hdvg.manifest import TABLES, encode_rows

ROOT = Path(__file__).parents[2]
# Promised to users: the columns of a clip that the project's first release was asked for.
PROMISED = {
    "clip_id",
    "video_id",
    "start_s",
    "end_s",
    "num_frames",
    "width",
    "height",
    "fps",
    "shard",
    "offset",
    "nbytes",
    "sha256",
}
READERS = [
    ROOT / "packages/hdvg/src/hdvg/reader.py",
    *(ROOT / "packages/vfmodel/src").rglob("*.py"),
    *(ROOT / "packages/vfsr/src").rglob("*.py"),
]


def _columns_read(path):
    """Literal column names: `x.rows["name"]`, `self._row(i)["name"]`, `clips["name"]`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Subscript) or not isinstance(node.slice, ast.Constant):
            continue
        owner = node.value.func if isinstance(node.value, ast.Call) else node.value
        name = getattr(owner, "attr", getattr(owner, "id", ""))
        if name in {"rows", "_row", "clips"} and isinstance(node.slice.value, str):
            yield node.slice.value


def test_readers_ask_for_columns_that_exist():
    read = {name for path in READERS for name in _columns_read(path)}
    assert {"start_s", "end_s", "clip_id"} <= read  # the search itself works
    assert read <= set(TABLES["clips"].names)


def test_every_promised_column_is_there_and_never_null():
    required = {column.name for column in TABLES["clips"] if not column.nullable}
    assert required >= PROMISED


@pytest.mark.parametrize("missing", sorted(PROMISED))
def test_a_writer_cannot_forget_a_promised_column(missing):
    row = {column.name: 1 if column.type != "string" else "x" for column in TABLES["clips"]}
    encode_rows("clips", [row])
    del row[missing]
    with pytest.raises(ValueError, match=f"clips needs '{missing}' in every row"):
        encode_rows("clips", [row])
