"""Checks clips where they lie: place in a shard, bytes, and what a decoder makes of them."""

import io
import random
import tarfile
from collections.abc import Iterator, Sequence

import av
from PIL import Image

from hdvg.commits import BUILD, Commit
from hdvg.errors import InputError
from hdvg.shards import read_member, read_members
from hdvg.storage import Storage
from hdvg.unit_keyframes import UNREADABLE
from hdvg.unit_tables import Row
from hdvg.video import decode, frame_time_s

_HEADER_BYTES = 512  # of a tar member; it stands right before the payload
# Timestamps are rounded to the clip's own time base, of which 90 kHz is the coarsest usual one for
# MPEG and 1 ms for Matroska.
_TIME_SLACK_S = 2e-3


def check_shards(
    storage: Storage, commit: Commit, rows: Sequence[Row], *, deep: bool
) -> Iterator[str]:
    """Compares the clips of a unit with its shards.

    Args:
        storage: The dataset.
        commit: Of the build.
        rows: Of the clips table.
        deep: Read every clip and every keyframe too.
    """
    sizes = {record.name: record.nbytes for record in commit.files}
    for row in rows:
        where = f"clip {row['clip_id']}"
        if row["shard"] not in sizes:
            yield f"{where}: its shard {row['shard']} is not committed with {commit.unit}"
        elif row["offset"] + row["nbytes"] > sizes[row["shard"]]:
            yield f"{where}: it ends behind the end of {row['shard']}"
        elif deep and storage.exists(row["shard"]):
            yield from _check_member(storage, row)
    if deep:
        yield from _check_keyframes(storage, commit, rows)


def check_sample(
    storage: Storage, commits: Sequence[Commit], rows: Sequence[Row], count: int, seed: int
) -> tuple[list[str], int]:
    """Decodes some clips and their keyframes.

    Args:
        storage: The dataset.
        commits: All of them.
        rows: All clips.
        count: How many to decode.
        seed: Decides which.

    Returns:
        One line a finding, and how many clips were decoded.
    """
    sample = random.Random(seed).sample(list(rows), min(count, len(rows)))
    damage: list[str] = []
    for row in sample:
        damage += _check_decoded(storage, row)
    shards = _keyframe_shards(commits, {row["shard"] for row in sample})
    wanted = {f"{row['clip_id']}.jpg" for row in sample}
    for shard in shards:
        damage += _check_pictures(storage, shard, wanted)
    return damage, len(sample)


def _check_member(storage: Storage, row: Row) -> Iterator[str]:
    where = f"clip {row['clip_id']}"
    try:
        header = storage.read_range(row["shard"], row["offset"] - _HEADER_BYTES, _HEADER_BYTES)
        info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
        read_member(storage, *(row[key] for key in ("shard", "offset", "nbytes", "sha256")))
    except (InputError, tarfile.TarError, OSError) as error:
        yield f"{where}: {error}"
        return
    if (info.name, info.size) != (f"{row['clip_id']}.mp4", row["nbytes"]):
        yield f"{where}: the member at its place is {info.name!r} of {info.size} bytes"


def _check_keyframes(storage: Storage, commit: Commit, rows: Sequence[Row]) -> Iterator[str]:
    """Each clip has one keyframe, and no other is there."""
    found: list[str] = []
    for record in commit.files:
        if record.name.startswith("keyframes/") and storage.exists(record.name):
            try:
                found += read_members(storage, record.name)
            except InputError as error:
                yield f"{record.name}: {error}"
                return
    wanted = {f"{row['clip_id']}.jpg" for row in rows}
    for name in sorted(wanted.symmetric_difference(found)):
        state = "is missing" if name in wanted else "belongs to no clip"
        yield f"keyframe {name} of {commit.unit} {state}"


def _check_decoded(storage: Storage, row: Row) -> Iterator[str]:
    where = f"clip {row['clip_id']}"
    try:
        content = read_member(
            storage, *(row[key] for key in ("shard", "offset", "nbytes", "sha256"))
        )
        times_s = [frame_time_s(frame) for frame in decode(io.BytesIO(content))]
    except (InputError, av.FFmpegError) as error:
        yield f"{where}: {error}"
        return
    if len(times_s) != row["num_frames"]:
        yield f"{where}: num_frames is {row['num_frames']}, {len(times_s)} can be decoded"
        return
    if abs(times_s[0]) > _TIME_SLACK_S:
        yield f"{where}: its first frame has the time {times_s[0]:.3f} s, not 0"
    duration_s = row["end_s"] - row["start_s"]
    if times_s[-1] >= duration_s + _TIME_SLACK_S:
        yield f"{where}: its last frame is at {times_s[-1]:.3f} s, it lasts {duration_s:.3f} s"


def _keyframe_shards(commits: Sequence[Commit], media: set[str]) -> list[str]:
    """The keyframe tars of the units that these shards belong to."""
    return [
        record.name
        for commit in commits
        if commit.stage == BUILD and media & {record.name for record in commit.files}
        for record in commit.files
        if record.name.startswith("keyframes/")
    ]


def _check_pictures(storage: Storage, shard: str, wanted: set[str]) -> Iterator[str]:
    try:
        members = read_members(storage, shard)
    except InputError as error:
        yield f"{shard}: {error}"
        return
    for name in sorted(wanted & members.keys()):
        try:
            with Image.open(io.BytesIO(members[name]), formats=["JPEG"]) as image:
                image.load()
        except UNREADABLE as error:
            yield f"keyframe {name}: {error}"
