"""Tables keep rows, order, types and descriptions; docs/formats.md says the same as the schemas."""

import dataclasses
import io
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hdvg.commits import Commit
from hdvg.dataset_folder import DatasetInfo
from hdvg.errors import InputError
from hdvg.manifest import TABLES, encode_rows, read_table, table_file, write_rows
from hdvg.storage import FileRecord, Storage

FORMATS = Path(__file__).parents[2] / "docs" / "formats.md"
CAPTION = {"clip_id": "a", "text": "a red circle", "source": "chapter"}


def _documented(heading):
    """The rows of the first table under a heading, as lists of stripped cells."""
    section = re.split(r"^#+ ", FORMATS.read_text(), flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return [[row[0].strip("`"), *row[1:]] for row in cells]


@pytest.mark.parametrize("table", TABLES)
def test_the_documentation_lists_exactly_the_columns(table):
    columns = []
    for column in TABLES[table]:
        unit = column.metadata[b"unit"].decode()
        null = "yes" if column.nullable else ""
        meaning = column.metadata[b"meaning"].decode()
        columns.append([column.name, str(column.type), unit, null, meaning])
    assert _documented(f"`{table}`") == columns


def test_the_documentation_lists_the_keys_of_the_json_files():
    info = {field.name for field in dataclasses.fields(DatasetInfo)} | {"format"}
    assert {row[0] for row in _documented("`dataset.json`")} == info
    commit = {field.name for field in dataclasses.fields(Commit)} | {"schema_version"}
    rows = _documented("`commits/")
    assert {row[0] for row in rows} == commit
    files = next(row[2] for row in rows if row[0] == "files")
    assert all(f"`{field.name}`" in files for field in dataclasses.fields(FileRecord))


def test_every_column_says_what_it_means():
    for schema in TABLES.values():
        assert all(column.metadata[b"meaning"] for column in schema)
        named_s = [column for column in schema if column.name.endswith("_s")]
        assert all(column.metadata[b"unit"] == b"s" for column in named_s)


def test_rows_come_back_in_order_with_their_types(tmp_path):
    storage = Storage(tmp_path)
    rows = [{**CAPTION, "clip_id": name} for name in ("z", "a", "m")]
    write_rows(storage, "captions", "captions/alt_text/u0.parquet", rows)
    table = read_table(storage, "captions", "captions/alt_text/u0.parquet")
    assert table.to_pylist() == rows
    assert table.schema.equals(TABLES["captions"], check_metadata=True)


def test_descriptions_travel_in_the_file():
    schema = pq.read_schema(io.BytesIO(encode_rows("captions", [CAPTION])))
    assert schema.metadata[b"schema_version"] == b"1"
    assert schema.field("text").metadata[b"meaning"] == b"the caption"


def test_a_table_may_be_empty(tmp_path):
    storage = Storage(tmp_path)
    write_rows(storage, "clips", "clips/u0.parquet", [])
    assert len(read_table(storage, "clips", "clips/u0.parquet")) == 0


def test_equal_rows_give_equal_bytes():
    assert encode_rows("captions", [CAPTION]) == encode_rows("captions", iter([dict(CAPTION)]))


def test_optional_columns_may_be_left_out_and_read_as_null(tmp_path):
    storage = Storage(tmp_path)
    row = {
        "video_id": "v",
        "source": "urls.txt",
        "locator": "https://example.org/v.mp4",
        "status": "failed",
        "retryable": False,
        "num_clips": 0,
    }
    write_rows(storage, "videos", "videos/u0.parquet", [row])
    [found] = read_table(storage, "videos", "videos/u0.parquet").to_pylist()
    assert found == {name: row.get(name) for name in TABLES["videos"].names}


def test_a_row_without_a_required_column_is_refused():
    with pytest.raises(ValueError, match="needs 'text'"):
        encode_rows("captions", [{"clip_id": "a", "source": "title"}])


def test_a_row_with_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match=r"no column \['txt'\]"):
        encode_rows("captions", [{**CAPTION, "txt": "typo"}])


def _write_raw(storage, rows, **metadata):
    sink = io.BytesIO()
    pq.write_table(rows.replace_schema_metadata(metadata), sink)
    storage.write_bytes("t.parquet", sink.getvalue())


def test_reading_names_the_file_and_what_is_wrong(tmp_path):
    storage = Storage(tmp_path)
    storage.write_bytes("t.parquet", b"not parquet at all")
    with pytest.raises(InputError, match=r"not a Parquet file: .*t\.parquet"):
        read_table(storage, "captions", "t.parquet")
    rows = pa.table({"clip_id": ["a"], "text": ["b"]})
    _write_raw(storage, rows, table="clips", schema_version="1")
    with pytest.raises(InputError, match="does not hold the table 'captions'"):
        read_table(storage, "captions", "t.parquet")
    _write_raw(storage, rows, table="captions", schema_version="2")
    with pytest.raises(InputError, match="schema version 2, this is 1"):
        read_table(storage, "captions", "t.parquet")
    _write_raw(storage, rows, table="captions", schema_version="1")
    with pytest.raises(InputError, match="lacks the column 'source'"):
        read_table(storage, "captions", "t.parquet")


def test_columns_of_a_later_version_are_left_out(tmp_path):
    storage = Storage(tmp_path)
    rows = pa.table({**{name: [value] for name, value in CAPTION.items()}, "score": [0.5]})
    _write_raw(storage, rows, table="captions", schema_version="1")
    assert read_table(storage, "captions", "t.parquet").to_pylist() == [CAPTION]


def test_table_files_stand_where_the_layout_says():
    assert table_file("units") == "plan/units.parquet"
    assert table_file("videos", "u0007") == "videos/u0007.parquet"
    assert table_file("captions", "u0007", "alt_text") == "captions/alt_text/u0007.parquet"
    assert table_file("latents", "u0007", "small") == "latents/small/u0007.parquet"
    with pytest.raises(InputError, match="a caption family may hold only"):
        table_file("captions", "u0007", "../x")
