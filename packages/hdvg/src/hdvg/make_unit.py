"""One unit of the plan: its videos, its two tars, its tables, and last of all its commit."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from hdvg.alt_text import FAMILY, GIVEN_FAMILY
from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.download.gate import Gate
from hdvg.failures import VideoFailure
from hdvg.make_video import Origin, Outcome, Row, VideoConfig, fail_video, make_video
from hdvg.revise import replace_commit, revision_stem
from hdvg.scratch import scratch_folder
from hdvg.shards import TarWriter
from hdvg.sources.source_video import SourceVideo
from hdvg.storage import FileRecord, Storage
from hdvg.unit_tables import Tables, count_rows, merge_unit, read_unit, write_unit

# What lists with several captions a clip say; most sources have none.
_GIVEN = f"captions.{GIVEN_FAMILY}"
_PARTS = ("videos", "clips", f"captions.{FAMILY}", _GIVEN, "scores.scan")
# A video that is met a third time has taken two workers with it (a decoder's crash, no memory).
_MAX_ATTEMPTS = 2
# What `Begin` answers for a video whose worker was ended by its watchdog.
OVERDUE = -1

Begin = Callable[[str], int]
Done = Callable[[Row], None]
Wanted = Callable[[], bool]


class AbandonedError(Exception):
    """The build that asked for a unit is gone."""


@dataclass(frozen=True, kw_only=True)
class UnitJob:
    """All that a worker needs to know.

    Attributes:
        root: The dataset.
        unit: Name of the unit.
        videos: Its videos; of a unit that is revised, those that are made again.
        origin: Where their source lies.
        config: The steps' settings.
        revises: Whether the unit is committed already.
    """

    root: str
    unit: str
    videos: tuple[SourceVideo, ...]
    origin: Origin
    config: VideoConfig
    revises: bool = False


def make_unit(
    job: UnitJob, begin: Begin, done: Done, wanted: Wanted, gate: Gate | None = None
) -> Row:
    """Makes every file of a unit and commits it, or revises one that is committed.

    Args:
        job: The work.
        begin: Told of each video before it is worked on; answers how often that has happened in
            this run, this time included, or `OVERDUE`.
        done: Told of each video's row.
        wanted: Asked before anything appears under its name: whether the build is still there. What
            a worker saw after it died is no verdict on a video; the pages that it served are gone.
        gate: Says who may ask which site when; None if nobody else is asking.

    Returns:
        {"unit", "num_videos", "num_clips"}, of the videos worked on.

    Raises:
        AbandonedError: Nobody wants the unit any more; nothing of it is left.
    """
    started_s = time.monotonic()
    storage = Storage(job.root)
    old = read_commit(storage, BUILD, job.unit) if job.revises else None
    stem = revision_stem(old) if old else job.unit
    tars, made = _make_videos(job, storage, stem, (begin, done, wanted), gate)
    if old is None:
        commit = _write(storage, job.unit, stem, tars, made, started_s)
        commit_unit(storage, commit)
    else:
        if not made["clips"]:
            for record in tars:
                storage.remove(record.name)
            tars = []
        shards = [record for record in old.files if record.name.endswith(".tar")]
        merged = merge_unit(read_unit(storage, old), made)
        commit = _write(storage, job.unit, stem, [*shards, *tars], merged, started_s)
        replace_commit(storage, old, commit)
    return {"unit": job.unit, "num_videos": len(made["videos"]), "num_clips": len(made["clips"])}


def _make_videos(
    job: UnitJob,
    storage: Storage,
    stem: str,
    watch: tuple[Begin, Done, Wanted],
    gate: Gate | None,
) -> tuple[list[FileRecord], Tables]:
    """Works on every video; the two tars appear when all are done, unless nobody wants them."""
    begin, done, wanted = watch
    tables: Tables = {part: [] for part in _PARTS}
    names = {kind: f"{kind}/{stem}.tar" for kind in ("media", "keyframes")}
    with ExitStack() as stack:
        writers = {kind: stack.enter_context(storage.writing(name)) for kind, name in names.items()}
        tars = {kind: stack.enter_context(TarWriter(file)) for kind, file in writers.items()}
        for video in job.videos:
            with scratch_folder("v") as work:
                if crash := _past_trying(begin(video.video_id)):
                    outcome = fail_video(video, job.origin, crash)
                else:
                    outcome = make_video(video, job.origin, job.config, work, gate)
                _store(outcome, tars, names["media"], tables)
            done(outcome.row)
        if not wanted():
            raise AbandonedError(job.unit)
    if not tables[_GIVEN]:
        del tables[_GIVEN]
    return [writer.record for writer in writers.values()], tables


def _past_trying(attempt: int) -> VideoFailure | None:
    """Why a video is given up before it is begun once more; see `Begin`."""
    if attempt == OVERDUE:
        return VideoFailure("walltime", "work on it took longer than a video may")
    if attempt > _MAX_ATTEMPTS:
        return VideoFailure("worker_died", "two workers died of this video")
    return None


def _store(outcome: Outcome, tars: dict[str, TarWriter], shard: str, tables: Tables) -> None:
    """Moves a video's clips into the tars; all of its rows follow, or none."""
    for row, clip in outcome.clips:
        member = tars["media"].add(f"{row['clip_id']}.mp4", clip.path.read_bytes())
        tars["keyframes"].add(f"{row['clip_id']}.jpg", clip.scene.keyframe)
        place = {"offset": member.offset, "nbytes": member.nbytes, "sha256": member.sha256}
        tables["clips"].append(row | place | {"shard": shard})
    tables["videos"].append(outcome.row)
    tables[f"captions.{FAMILY}"] += outcome.captions
    tables[_GIVEN] += outcome.given
    tables["scores.scan"] += outcome.scores


def _write(
    storage: Storage,
    unit: str,
    stem: str,
    tars: list[FileRecord],
    tables: Tables,
    started_s: float,
) -> Commit:
    """Writes the tables and says what is to be committed."""
    return Commit(
        stage=BUILD,
        unit=unit,
        files=(*tars, *write_unit(storage, stem, tables)),
        rows=count_rows(tables),
        timings={"wall_s": round(time.monotonic() - started_s, 3)},
    )
