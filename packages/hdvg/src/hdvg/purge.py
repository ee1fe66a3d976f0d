"""Takes videos down: their clips, pictures, captions and scores leave every file of a dataset.

Tombstones are written first. From then on no build works on the videos, and every writer that
claims the dataset finishes a purge that was interrupted. Then the units are revised one by one,
column families before clips: as long as the clips table names a clip, something of it may be left.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.errors import InputError
from hdvg.plan import forget_spans, read_plan
from hdvg.purge_unit import purge_clips, purge_family
from hdvg.revise import remove_leftovers
from hdvg.storage import Storage
from hdvg.tombstones import CHANNEL, VIDEO, add_tombstones, read_tombstones

# Stages that compare clips with one another: without some of the clips they have to be made again.
_COMPARING = ("scores.repeats",)


@dataclass(frozen=True, kw_only=True)
class PurgeSummary:
    """What a purge did.

    Attributes:
        videos: Ids of the videos that it was asked for, by id or channel, sorted.
        num_clips: Clips that this run removed.
        num_units: Units that this run revised.
    """

    videos: list[str]
    num_clips: int
    num_units: int


def purge(
    storage: Storage, videos: Sequence[str], channels: Sequence[str], reason: str, purged_at: str
) -> PurgeSummary:
    """Takes videos and channels down for ever.

    Args:
        storage: The dataset, claimed by this process.
        videos: Video ids.
        channels: Channels, as the videos table names them; later videos of theirs are refused too.
        reason: Why.
        purged_at: When, in UTC, such as 2026-01-31T12:00:00Z.

    Raises:
        InputError: An id or channel that the dataset does not know; then nothing is changed.
    """
    rows = Catalogue(storage).table("videos").select(["video_id", "channel"]).to_pylist()
    known = {video.video_id for unit in read_plan(storage).values() for video in unit}
    stones = read_tombstones(storage)
    _check_known(storage, "video", videos, known | stones.videos)
    _check_known(storage, "channel", channels, {r["channel"] for r in rows} | stones.channels)
    doomed = {*videos, *(row["video_id"] for row in rows if row["channel"] in channels)}
    fresh = [(VIDEO, name) for name in doomed] + [(CHANNEL, name) for name in channels]
    add_tombstones(storage, fresh, reason, purged_at)
    num_clips, num_units = finish_purge(storage)
    remove_leftovers(Catalogue(storage))
    return PurgeSummary(videos=sorted(doomed), num_clips=num_clips, num_units=num_units)


def finish_purge(storage: Storage) -> tuple[int, int]:
    """Removes what tombstones stand for and is still there; returns clips and units changed.

    Args:
        storage: The dataset, claimed by this process.
    """
    stones = read_tombstones(storage)
    if not stones.videos:
        return 0, 0
    forget_spans(storage, stones.videos)
    catalogue = Catalogue(storage)
    units = _affected(catalogue, stones.videos)
    if not units:
        return 0, 0
    clips = (row for unit in units for row in catalogue.table("clips", unit).to_pylist())
    gone = {row["clip_id"] for row in clips if row["video_id"] in stones.videos}
    for stage, commits in catalogue.commits.items():
        if stage != BUILD:
            for commit in commits.values():
                purge_family(storage, commit, gone)
    for unit in units:
        purge_clips(storage, catalogue.commits[BUILD][unit], stones.videos, gone)
    _follow_inputs(catalogue, units)
    return len(gone), len(units)


def _check_known(storage: Storage, what: str, names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise InputError(f"{storage.root} has no {what} {name!r}; nothing was changed")


def _affected(catalogue: Catalogue, doomed: Collection[str]) -> list[str]:
    """Units that hold a doomed video whose row does not say yet that it was purged."""
    return [
        unit
        for unit in catalogue.units(BUILD)
        if any(
            row["video_id"] in doomed and row["fail_code"] != "purged"
            for row in catalogue.table("videos", unit).to_pylist()
        )
    ]


def _follow_inputs(catalogue: Catalogue, units: list[str]) -> None:
    """Lets families name the new clips tables as what they were made from.

    Their rows are still right: they lost those of the purged clips and nothing else. A family that
    was out of date stays so.
    """
    storage = catalogue.storage
    moved: dict[tuple[str, str], dict[str, str]] = {}
    for unit in units:
        old, new = catalogue.commits[BUILD][unit], read_commit(storage, BUILD, unit)
        [now] = [record for record in new.files if record.name.startswith("clips/")]
        for record in old.files:
            if record.name.startswith("clips/"):
                moved[record.name, record.sha256] = {now.name: now.sha256}
    for stage in catalogue.commits.keys() - {BUILD, *_COMPARING}:
        for unit in catalogue.units(stage):
            _follow(storage, read_commit(storage, stage, unit), moved)


def _follow(storage: Storage, commit: Commit, moved: dict[tuple[str, str], dict[str, str]]) -> None:
    inputs: dict[str, str] = {}
    for name, digest in commit.inputs.items():
        inputs |= moved.get((name, digest), {name: digest})
    if inputs != commit.inputs:
        commit_unit(storage, replace(commit, inputs=inputs))
