"""The tables of one unit, all parts together: read by its commit, merged, and written.

A part is a folder of tables with a dot for a slash: "videos", "clips", "captions.alt_text",
"scores.scan", "latents.96x176_8fps". Commits count rows by part.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hdvg.commits import Commit
from hdvg.errors import InputError
from hdvg.manifest import TABLES, read_table, write_rows
from hdvg.storage import FileRecord, Storage

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def part_in(name: str) -> str:
    """Which part a file of a unit holds rows of; "" for a tar."""
    return name.rsplit("/", 1)[0].replace("/", ".") if name.endswith(".parquet") else ""


def schema_of(part: str) -> str:
    """The key of `manifest.TABLES` that a part's rows follow.

    Raises:
        InputError: A part that this version does not know, and so cannot take clips out of.
    """
    kind = part.split(".")[0]
    schema = kind if kind in ("captions", "latents") else part
    if schema not in TABLES:
        raise InputError(f"this version of hdvg does not know tables of {part}")
    return schema


def read_unit(storage: Storage, commit: Commit) -> Tables:
    """Every row that a commit vouches for, by part."""
    tables: Tables = {}
    for record in commit.files:
        if part := part_in(record.name):
            rows = read_table(storage, schema_of(part), record.name).to_pylist()
            tables.setdefault(part, []).extend(rows)
    return tables


def write_unit(storage: Storage, stem: str, tables: Mapping[str, list[Row]]) -> list[FileRecord]:
    """Writes one file a part, named `<stem>.parquet`."""
    return [
        write_rows(storage, schema_of(part), f"{part.replace('.', '/', 1)}/{stem}.parquet", rows)
        for part, rows in tables.items()
    ]


def count_rows(tables: Mapping[str, list[Row]]) -> dict[str, int]:
    """Rows by part, as a commit records them."""
    return {part: len(rows) for part, rows in tables.items()}


def merge_unit(old: Tables, new: Tables) -> Tables:
    """What a unit holds after some of its videos were made again.

    Args:
        old: All of the unit.
        new: The videos that were made again, with their clips and what belongs to these.

    Returns:
        All of the unit, in the order of a unit that was made at once: videos as before, clips by
        video, everything else by clip.
    """
    by_id = {row["video_id"]: row for row in (*old["videos"], *new["videos"])}
    again = {row["video_id"] for row in new["videos"]}
    kept = [row for row in old["clips"] if row["video_id"] not in again]
    place = {video_id: index for index, video_id in enumerate(by_id)}
    clips = sorted([*kept, *new["clips"]], key=lambda row: place[row["video_id"]])  # stable
    merged: Tables = {"videos": list(by_id.values()), "clips": clips}
    for part in [*old, *(part for part in new if part not in old)]:
        if part not in merged:
            rows = [*old.get(part, []), *new.get(part, [])]
            merged[part] = _in_order(rows, (row["clip_id"] for row in clips))
    return merged


def _in_order(rows: list[Row], clip_ids: Iterable[str]) -> list[Row]:
    by_clip = {row["clip_id"]: row for row in rows}
    return [by_clip[clip_id] for clip_id in clip_ids if clip_id in by_clip]
