"""Takes clips out of one commit: tars written anew without them, tables without their rows."""

from collections.abc import Callable, Collection
from dataclasses import replace

from hdvg.commits import Commit
from hdvg.failures import VideoFailure
from hdvg.make_video import fail_columns
from hdvg.manifest import TABLES
from hdvg.revise import replace_commit, revision_stem
from hdvg.shards import TarWriter, read_member, read_members
from hdvg.storage import FileRecord, Storage
from hdvg.unit_tables import Row, Tables, count_rows, read_unit, schema_of, write_unit

# What stays of a purged video's row beside what every row has; it says nothing about the video.
_KEPT = ("label",)
# What files of clips are called in the tars of a folder.
_SUFFIXES = {"media": ".mp4", "latents": ".npy"}


def purge_family(storage: Storage, commit: Commit, gone: Collection[str]) -> None:
    """Takes clips out of a column family, and out of the rows of clips that refer to them.

    Args:
        storage: The dataset.
        commit: Of any stage but the build.
        gone: Ids of the clips.
    """
    old = read_unit(storage, commit)
    new = {part: _without(part, rows, gone) for part, rows in old.items()}
    if new == old:
        return
    rows = {key: count - _lost(key, old, new) for key, count in commit.rows.items()}
    stem = revision_stem(commit)
    shards = []
    for part in new:
        if part.startswith("latents."):
            name = f"{part.replace('.', '/', 1)}/{stem}.tar"
            touched = {row["shard"] for row in old[part]}
            records, new[part] = _rewrite_shards(storage, name, new[part], touched)
            shards += records
    files = (*shards, *write_unit(storage, stem, new))
    replace_commit(storage, commit, replace(commit, files=files, rows=rows))


def _lost(key: str, old: Tables, new: Tables) -> int:
    """How many rows went of what a commit counts under a key, such as "captions"."""
    parts = [part for part in old if f"{part}.".startswith(f"{key}.")]
    return sum(len(old[part]) - len(new[part]) for part in parts)


def purge_clips(
    storage: Storage, commit: Commit, doomed: Collection[str], gone: Collection[str]
) -> None:
    """Takes videos out of a unit, all at one moment.

    Args:
        storage: The dataset.
        commit: The unit's commit of the build.
        doomed: Ids of the videos; those of other units do not matter.
        gone: Ids of their clips.
    """
    stem = revision_stem(commit)
    old = read_unit(storage, commit)
    new: Tables = {part: _without(part, rows, gone) for part, rows in old.items()}
    new["videos"] = [_blank(row) if row["video_id"] in doomed else row for row in old["videos"]]
    touched = {row["shard"] for row in old["clips"] if row["clip_id"] in gone}
    media, new["clips"] = _rewrite_shards(storage, f"media/{stem}.tar", new["clips"], touched)
    shards = [record for record in commit.files if record.name.startswith("keyframes/")]
    stale = {record.name for record in shards if _holds(storage, record.name, gone)}
    keyframes = _rewrite_keyframes(storage, f"keyframes/{stem}.tar", new["clips"], stale)
    untouched = [
        record
        for record in commit.files
        if record.name.endswith(".tar") and record.name not in touched | stale
    ]
    files = (*untouched, *media, *keyframes, *write_unit(storage, stem, new))
    replace_commit(storage, commit, replace(commit, files=files, rows=count_rows(new)))


def _without(part: str, rows: list[Row], gone: Collection[str]) -> list[Row]:
    """Rows of other clips; a reference to a clip that is gone becomes null."""
    if part == "videos":
        return rows
    optional = [column.name for column in TABLES[schema_of(part)] if column.nullable]
    return [
        row | {name: None for name in optional if isinstance(row[name], str) and row[name] in gone}
        for row in rows
        if row["clip_id"] not in gone
    ]


def _blank(row: Row) -> Row:
    """What stays of a purged video: which one it was, and that it was purged."""
    optional = [column.name for column in TABLES["videos"] if column.nullable]
    blank = {name: None for name in optional if name not in _KEPT}
    return row | blank | fail_columns(VideoFailure("purged", "taken down")) | {"num_clips": 0}


def _rewrite_shards(
    storage: Storage, name: str, rows: list[Row], touched: Collection[str]
) -> tuple[list[FileRecord], list[Row]]:
    """Copies what stays of the touched shards into one new shard; the record, and all rows.

    Rows of any table that says by `shard`, `offset` and `nbytes` where a clip's file lies.
    The bytes are not compared with their digests: damage elsewhere must not hold up a take-down.
    """
    places: dict[str, Row] = {}
    suffix = _SUFFIXES[name.split("/")[0]]

    def fill(tar: TarWriter) -> None:
        for row in rows:
            if row["shard"] in touched:
                payload = read_member(storage, row["shard"], row["offset"], row["nbytes"])
                member = tar.add(f"{row['clip_id']}{suffix}", payload)
                places[row["clip_id"]] = {"shard": name, "offset": member.offset}

    records = _write_tar(storage, name, fill, any(row["shard"] in touched for row in rows))
    return records, [row | places.get(row["clip_id"], {}) for row in rows]


def _rewrite_keyframes(
    storage: Storage, name: str, rows: list[Row], stale: Collection[str]
) -> list[FileRecord]:
    pictures: dict[str, bytes] = {}
    for shard in sorted(stale):
        pictures |= read_members(storage, shard)
    members = [member for row in rows if (member := f"{row['clip_id']}.jpg") in pictures]

    def fill(tar: TarWriter) -> None:
        for member in members:
            tar.add(member, pictures[member])

    return _write_tar(storage, name, fill, bool(members))


def _write_tar(
    storage: Storage, name: str, fill: Callable[[TarWriter], None], needed: bool
) -> list[FileRecord]:
    if not needed:
        return []
    with storage.writing(name) as writer, TarWriter(writer) as tar:
        fill(tar)
    return [writer.record]


def _holds(storage: Storage, shard: str, gone: Collection[str]) -> bool:
    return any(name.removesuffix(".jpg") in gone for name in read_members(storage, shard))
