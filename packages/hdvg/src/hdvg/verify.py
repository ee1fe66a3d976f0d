"""Checks a dataset against itself: what is committed is there, whole, and fits together.

Nothing is changed. Each finding is one line; a dataset in order has none. Whatever is damaged is
named once, and everything else is still looked at.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from hdvg.check_clips import check_sample, check_shards
from hdvg.claim import is_claimed
from hdvg.commits import BUILD, Commit, committed_units, find_damage, read_commit
from hdvg.errors import InputError
from hdvg.manifest import table_file
from hdvg.plan import read_plan
from hdvg.revise import find_leftovers
from hdvg.storage import Storage
from hdvg.tombstones import read_tombstones
from hdvg.unit_tables import Row, Tables, read_unit


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a verification found.

    Attributes:
        damage: One line a finding.
        num_units: Committed units of the build.
        num_videos: Rows of the videos table.
        num_clips: Rows of the clips table.
        num_decoded: Clips that were decoded.
        is_busy: Whether something is writing the dataset now, so that files without a commit, and
            units without a family, say nothing.
    """

    damage: list[str]
    num_units: int
    num_videos: int
    num_clips: int
    num_decoded: int
    is_busy: bool


@dataclass
class _Seen:
    """What has been read so far, over all units."""

    video_ids: Counter[str] = field(default_factory=Counter)
    clip_ids: Counter[str] = field(default_factory=Counter)
    clips: list[Row] = field(default_factory=list)
    units: dict[str, list[str]] = field(default_factory=dict)


def verify(storage: Storage, *, deep: bool, num_sampled: int, seed: int) -> Verdict:
    """Looks at everything that a dataset promises.

    Args:
        storage: The dataset.
        deep: Read and hash every file and every clip, rather than compare sizes.
        num_sampled: Clips to decode, chosen by the seed.
        seed: Decides which.
    """
    is_busy = is_claimed(storage)
    damage: list[str] = []
    commits = _read_commits(storage, damage)
    for commit in commits:
        damage += find_damage(storage, commit, deep=deep)
    seen = _Seen()
    families: list[tuple[Commit, Tables]] = []
    for commit in commits:
        tables = _read_tables(storage, commit, damage)
        if commit.stage == BUILD:
            damage += _check_build(commit, tables, seen)
            damage += check_shards(storage, commit, tables.get("clips", []), deep=deep)
        families.append((commit, {k: v for k, v in tables.items() if k not in ("videos", "clips")}))
    damage += _check_ids(seen)
    for commit, tables in families:
        damage += _check_families(commit, tables, seen)
    damage += _check_plan(storage, seen)
    damage += _check_purged(storage, seen)
    if not is_busy:
        names = [record.name for commit in commits for record in commit.files]
        damage += [f"{name}: no commit names it" for name in find_leftovers(storage, names)]
        damage += [f"{name}: left by a killed writer" for name in storage.list_partials()]
    findings, num_decoded = check_sample(storage, commits, seen.clips, num_sampled, seed)
    return Verdict(
        damage=[*damage, *findings],
        num_units=len(seen.units),
        num_videos=seen.video_ids.total(),
        num_clips=len(seen.clips),
        num_decoded=num_decoded,
        is_busy=is_busy,
    )


def _read_commits(storage: Storage, damage: list[str]) -> list[Commit]:
    commits = []
    for stage in storage.list_folders("commits"):
        for unit in committed_units(storage, stage):
            name = f"commits/{stage}/{unit}.json"
            try:
                commit = read_commit(storage, stage, unit)
            except InputError as error:
                damage.append(f"{name}: {error}")
                continue
            if (commit.stage, commit.unit) == (stage, unit):
                commits.append(commit)
            else:
                damage.append(f"{name}: it is the commit of {commit.stage}/{commit.unit}")
    return commits


def _read_tables(storage: Storage, commit: Commit, damage: list[str]) -> Tables:
    """The rows of a commit; none if a table cannot be read."""
    where = f"commits/{commit.stage}/{commit.unit}.json"
    try:
        tables = read_unit(storage, commit)
    except InputError as error:
        if all(storage.exists(record.name) for record in commit.files):  # else it is named already
            damage.append(f"{where}: {error}")
        return {}
    for key, count in commit.rows.items():
        parts = [part for part in tables if f"{part}.".startswith(f"{key}.")]
        found = sum(len(tables[part]) for part in parts)
        if found != count:
            damage.append(f"{where}: {count} rows of {key} committed, {found} found")
    return tables


def _check_build(commit: Commit, tables: Tables, seen: _Seen) -> Iterator[str]:
    """The videos and clips of one unit against each other."""
    videos, clips = tables.get("videos", []), tables.get("clips", [])
    seen.units[commit.unit] = [row["video_id"] for row in videos]
    seen.video_ids.update(seen.units[commit.unit])
    seen.clip_ids.update(row["clip_id"] for row in clips)
    seen.clips += clips
    counts = Counter(row["video_id"] for row in clips)
    for row in videos:
        found = counts.pop(row["video_id"], 0)
        if found != row["num_clips"]:
            yield f"video {row['video_id']}: num_clips is {row['num_clips']}, it has {found}"
        if (row["status"] == "ok") != (row["fail_code"] is None):
            yield f"video {row['video_id']}: status {row['status']}, fail_code {row['fail_code']}"
    for name in counts:
        yield f"video {name}: it has clips in {commit.unit} but no row"


def _check_ids(seen: _Seen) -> Iterator[str]:
    for what, counts in (("video", seen.video_ids), ("clip", seen.clip_ids)):
        for name, count in counts.items():
            if count > 1:
                yield f"{what} {name}: {count} rows"


def _check_families(commit: Commit, tables: Tables, seen: _Seen) -> Iterator[str]:
    for part, rows in tables.items():
        where = f"{part} of {commit.unit}"
        counts = Counter(row["clip_id"] for row in rows)
        for name, count in counts.items():
            if count > 1:
                yield f"{where}: {count} rows of the clip {name}"
            if name not in seen.clip_ids:
                yield f"{where}: there is no clip {name}"
        for row in rows:
            copied = row.get("duplicate_of")
            if copied is not None and copied not in seen.clip_ids:
                yield f"{where}: {row['clip_id']} is a duplicate of {copied}, which is no clip"


def _check_plan(storage: Storage, seen: _Seen) -> Iterator[str]:
    """Each video of a committed unit has its row, and no row is without a plan."""
    try:
        plan = read_plan(storage)
    except InputError as error:
        yield f"{table_file('units')}: {error}"
        return
    for unit, found in seen.units.items():
        planned = [video.video_id for video in plan.get(unit, [])]
        for name in planned:
            if name not in found:
                yield f"video {name}: planned in {unit}, but it has no row there"
        for name in found:
            if name not in planned:
                yield f"video {name}: it has a row in {unit}, but is not planned there"


def _check_purged(storage: Storage, seen: _Seen) -> Iterator[str]:
    doomed = read_tombstones(storage).videos
    for row in seen.clips:
        if row["video_id"] in doomed:
            yield f"clip {row['clip_id']}: of a purged video; repeat the purge or the build"
