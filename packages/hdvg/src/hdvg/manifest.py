"""The tables of a dataset: every column with type, unit and meaning, and how they are stored.

One Parquet file per unit and table. The schema version and the description of each column travel
inside the file, and docs/formats.md is checked against them. Nothing here depends on the clock, so
that the same rows always give the same bytes.
"""

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hdvg.errors import InputError
from hdvg.storage import DamagedFileError, FileRecord, Storage, check_name

SCHEMA_VERSION = 1
Row = Mapping[str, Any]


def _column(
    name: str, kind: pa.DataType, meaning: str, unit: str = "", *, optional: bool = False
) -> pa.Field:
    return pa.field(name, kind, nullable=optional, metadata={"unit": unit, "meaning": meaning})


def _schema(table: str, columns: Sequence[pa.Field]) -> pa.Schema:
    metadata = {"schema_version": str(SCHEMA_VERSION), "table": table}
    return pa.schema(columns, metadata=metadata)


_TEXT, _INT, _LONG, _REAL, _FLAG = pa.string(), pa.int32(), pa.int64(), pa.float64(), pa.bool_()
# A part of a video as a source list names it: seconds in the source, its caption and its own id.
_SPAN = pa.struct(
    [
        ("start_s", _REAL),
        ("end_s", _REAL),
        ("caption", _TEXT),
        ("name", _TEXT),
        ("early_s", _REAL),
    ]
)

UNITS = _schema(
    "units",
    [
        _column("unit", _TEXT, "the unit that the video is worked on with; also its files' stem"),
        _column("video_id", _TEXT, "the video, unique in the dataset"),
        _column("kind", _TEXT, "how the locator is meant: file, url, youtube or shapes"),
        _column("locator", _TEXT, "where the video comes from: a path, a URL or an id"),
        _column("label", _TEXT, "category that the source list gave", optional=True),
        _column("spans", pa.list_(_SPAN), "parts that the source list named", optional=True),
    ],
)

VIDEOS = _schema(
    "videos",
    [
        _column("video_id", _TEXT, "primary key; made of letters, digits, _ and -"),
        _column("source", _TEXT, "the source list or folder that named the video"),
        _column("locator", _TEXT, "where the video comes from: a path, a URL or an id"),
        _column("status", _TEXT, "ok or failed"),
        _column("fail_class", _TEXT, "why it failed, as a class; null when ok", optional=True),
        _column("fail_code", _TEXT, "why it failed, as a stable code; null when ok", optional=True),
        _column("fail_message", _TEXT, "why it failed, for a person; null when ok", optional=True),
        _column("retryable", _FLAG, "whether another attempt could succeed"),
        _column("title", _TEXT, "as the source states it", optional=True),
        _column("uploader", _TEXT, "as the source states it", optional=True),
        _column("channel", _TEXT, "the uploader's id, as the source states it", optional=True),
        _column("categories", pa.list_(_TEXT), "as the source states them", optional=True),
        _column("label", _TEXT, "category that the source list gave", optional=True),
        _column("upload_date", _TEXT, "as the source states it, YYYYMMDD", optional=True),
        _column("license", _TEXT, "as the source states it", optional=True),
        _column("duration_s", _REAL, "length of the video stream", "s", optional=True),
        _column("width", _INT, "as displayed, rotation applied", "px", optional=True),
        _column("height", _INT, "as displayed, rotation applied", "px", optional=True),
        _column("fps", _REAL, "mean frame rate", "1/s", optional=True),
        _column("is_vfr", _FLAG, "whether frame durations differ", optional=True),
        _column("codec", _TEXT, "the video codec by FFmpeg's name", optional=True),
        _column("nbytes", _LONG, "size of the downloaded file", "bytes", optional=True),
        _column("sha256", _TEXT, "hex digest of the downloaded file", optional=True),
        _column("num_scenes", _INT, "scenes found, kept or not", optional=True),
        _column("num_clips", _INT, "clips cut; 0 for a failed video"),
    ],
)

CLIPS = _schema(
    "clips",
    [
        _column("clip_id", _TEXT, "primary key; also the stem of the member in the tar"),
        _column("video_id", _TEXT, "the video it was cut from"),
        _column("span_name", _TEXT, "the source list's own id of it", optional=True),
        _column("scene_index", _INT, "which scene of the video, from 0"),
        _column("start_s", _REAL, "first frame's time in the source", "s"),
        _column("end_s", _REAL, "end, exclusive, in the source", "s"),
        _column("start_pts", _LONG, "first frame's timestamp in the source", "time_base"),
        _column("end_pts", _LONG, "end, exclusive, in the source", "time_base"),
        _column("time_base_num", _INT, "numerator of the source stream's time base"),
        _column("time_base_den", _INT, "denominator of the source stream's time base"),
        _column("num_frames", _INT, "frames that the clip file shows"),
        _column("width", _INT, "of the clip file", "px"),
        _column("height", _INT, "of the clip file", "px"),
        _column("fps", _REAL, "mean frame rate", "1/s"),
        _column("codec", _TEXT, "of the clip file, by FFmpeg's name"),
        _column("cut_mode", _TEXT, "how the clip was made: lossless, smart or encode"),
        _column("lead_hidden_frames", _INT, "frames in the file before the first shown one"),
        _column("crop_x", _INT, "left edge of the picture inside black bars", "px", optional=True),
        _column("crop_y", _INT, "top edge of the picture inside black bars", "px", optional=True),
        _column("crop_width", _INT, "of the picture inside black bars", "px", optional=True),
        _column("crop_height", _INT, "of the picture inside black bars", "px", optional=True),
        _column(
            "boundary_start",
            _TEXT,
            "what starts it: cut, fade, dissolve, video_edge, forced or span",
        ),
        _column(
            "boundary_end",
            _TEXT,
            "what ends it: cut, fade, dissolve, video_edge, forced or span",
        ),
        _column("keyframe_s", _REAL, "central frame's time in the source", "s"),
        _column("shard", _TEXT, "the tar that holds the clip, relative to the dataset"),
        _column("offset", _LONG, "where the clip file starts in the tar", "bytes"),
        _column("nbytes", _LONG, "size of the clip file", "bytes"),
        _column("sha256", _TEXT, "hex digest of the clip file"),
    ],
)

CAPTIONS = _schema(
    "captions",
    [
        _column("clip_id", _TEXT, "the clip; unique within a family"),
        _column("text", _TEXT, "the caption"),
        _column("source", _TEXT, "where the text comes from"),
    ],
)


def _scores(family: str, columns: Sequence[pa.Field]) -> pa.Schema:
    return _schema(f"scores.{family}", [_column("clip_id", _TEXT, "the clip"), *columns])


_RATIO = "0..1"
_LEVEL = "levels of 0..255"
_SQUARED = "levels squared"
SCORES: dict[str, pa.Schema] = {
    "scan": _scores(
        "scan",
        [
            _column("motion", _REAL, "mean change of luma from frame to frame", _LEVEL),
            _column("static_ratio", _REAL, "share of frames like the one before", _RATIO),
            _column("luma", _REAL, "mean luma", _LEVEL),
            _column("contrast", _REAL, "standard deviation of luma", _LEVEL),
            _column("sharpness", _REAL, "variance of the central frame's Laplacian", _SQUARED),
            _column("black_bars", _REAL, "share of the frame that black bars cover", _RATIO),
            _column("watermark", _REAL, "how surely an overlay persists", _RATIO),
            _column("fingerprint", pa.uint64(), "perceptual hash of the central frame, 64 bits"),
        ],
    ),
    "text": _scores(
        "text", [_column("text_area", _REAL, "share of the keyframe that text covers", _RATIO)]
    ),
    "repeats": _scores(
        "repeats",
        [
            _column("duplicate_of", _TEXT, "the first clip that looks the same", optional=True),
            _column("caption_repeats", _INT, "how many other clips have the same caption"),
        ],
    ),
}

LATENTS = _schema(
    "latents",
    [
        _column("clip_id", _TEXT, "the clip; unique within a family"),
        _column("num_frames", _INT, "frames of the clip that latents are there of"),
        _column("shard", _TEXT, "the tar that holds the latents, relative to the dataset"),
        _column("offset", _LONG, "where the clip's array file starts in the tar", "bytes"),
        _column("nbytes", _LONG, "size of the array file", "bytes"),
        _column("frame_crc32", pa.list_(pa.uint32()), "CRC-32 of the bytes of each frame"),
    ],
)

TOMBSTONES = _schema(
    "tombstones",
    [
        _column("kind", _TEXT, "what was taken down: video or channel"),
        _column("id", _TEXT, "its video_id, or the channel as the videos table names it"),
        _column("reason", _TEXT, "why, as given"),
        _column("purged_at", _TEXT, "when, in UTC, as 2026-01-31T12:00:00Z"),
    ],
)

TABLES: dict[str, pa.Schema] = {
    "units": UNITS,
    "tombstones": TOMBSTONES,
    "videos": VIDEOS,
    "clips": CLIPS,
    "captions": CAPTIONS,
    "latents": LATENTS,
    **{f"scores.{family}": schema for family, schema in SCORES.items()},
}


def table_file(table: str, unit: str = "", family: str = "") -> str:
    """Name of a table's file in the dataset.

    Args:
        table: A key of `TABLES`.
        unit: Which unit; not for "units" and "tombstones", which are one file each.
        family: Which family; only for "captions" and "latents".

    This is the name of a unit's first revision; `Catalogue` knows the names that count.
    """
    if table == "units":
        return "plan/units.parquet"
    if table == "tombstones":
        return "tombstones.parquet"
    check_name(unit, "a unit")
    if table in ("captions", "latents"):
        return f"{table}/{check_name(family, f'a {table[:-1]} family')}/{unit}.parquet"
    if table.startswith("scores."):
        return f"{table.replace('.', '/')}/{unit}.parquet"
    return f"{table}/{unit}.parquet"


def encode_rows(table: str, rows: Iterable[Row]) -> bytes:
    """Rows to the bytes of a Parquet file, in the given order.

    Raises:
        ValueError: A row lacks a required column, or holds one that the schema does not know.
    """
    schema = TABLES[table]
    rows = [dict(row) for row in rows]
    known = set(schema.names)
    for row in rows:
        if unknown := sorted(row.keys() - known):
            raise ValueError(f"{table} has no column {unknown}")
        for column in schema:
            if not column.nullable and row.get(column.name) is None:
                raise ValueError(f"{table} needs {column.name!r} in every row, got {row}")
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink, compression="zstd")
    return sink.getvalue()


def write_rows(storage: Storage, table: str, name: str, rows: Iterable[Row]) -> FileRecord:
    """Writes one table file and returns what a commit records of it."""
    return storage.write_bytes(name, encode_rows(table, rows))


def read_table(storage: Storage, table: str, name: str, sha256: str | None = None) -> pa.Table:
    """Reads one table file, with the columns of the schema in its order.

    Columns that a later version added are left out; optional ones that are absent read as null.

    Args:
        storage: Where the file lies.
        table: A key of `TABLES`.
        name: Of the file.
        sha256: When given, the file must have this digest. Parquet itself notices about five in
            six flipped bits.

    Raises:
        MissingFileError: There is no such file.
        DamagedFileError: It cannot be read, or has another digest.
        InputError: It is of another table or schema version.
    """
    schema = TABLES[table]
    where = f"{storage.root}/{name}"
    content = storage.read_bytes(name)
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedFileError(f"{where} is damaged: it does not match its committed sha256")
    try:
        # No worker threads: a process that ends while pyarrow's pool is still starting aborts
        # (seen with 26.0.1: exit code 134 in 1 of 4 runs), and these tables are small.
        source = pa.BufferReader(content)
        found = pq.ParquetFile(source, pre_buffer=False).read(use_threads=False)
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"not a Parquet file: {where} ({error})") from error
    metadata = found.schema.metadata or {}
    if metadata.get(b"table") != table.encode():
        raise InputError(f"{where} does not hold the table {table!r}")
    if metadata.get(b"schema_version") != str(SCHEMA_VERSION).encode():
        version = metadata.get(b"schema_version", b"?").decode()
        raise InputError(f"{where} has schema version {version}, this is {SCHEMA_VERSION}")
    columns = []
    for column in schema:
        if column.name in found.column_names:
            columns.append(found[column.name])
        elif column.nullable:
            columns.append(pa.nulls(len(found), column.type))
        else:
            raise InputError(f"{where} lacks the column {column.name!r}")
    return pa.table(columns, schema=schema)
