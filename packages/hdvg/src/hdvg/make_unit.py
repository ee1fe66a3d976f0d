"""One unit of the plan: its videos, its two tars, its tables, and last of all its commit."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from hdvg.alt_text import FAMILY
from hdvg.commits import BUILD, Commit, commit_unit
from hdvg.failures import VideoFailure
from hdvg.make_video import Origin, Outcome, Row, VideoConfig, fail_video, make_video
from hdvg.manifest import table_file, write_rows
from hdvg.scratch import scratch_folder
from hdvg.shards import TarWriter
from hdvg.sources.source_video import SourceVideo
from hdvg.storage import FileRecord, Storage

STAGE = BUILD
# A video that is met a third time has taken two workers with it (a decoder's crash, no memory).
_MAX_ATTEMPTS = 2

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
        videos: Its videos.
        origin: Where their source lies.
        config: The steps' settings.
    """

    root: str
    unit: str
    videos: tuple[SourceVideo, ...]
    origin: Origin
    config: VideoConfig


def make_unit(job: UnitJob, begin: Begin, done: Done, wanted: Wanted) -> Row:
    """Makes every file of a unit and commits it.

    Args:
        job: The work.
        begin: Told of each video before it is worked on; answers how often that has happened in
            this run, this time included.
        done: Told of each video's row.
        wanted: Asked before anything appears under its name: whether the build is still there. What
            a worker saw after it died is no verdict on a video; the pages that it served are gone.

    Returns:
        {"unit", "num_videos", "num_clips"}.

    Raises:
        AbandonedError: Nobody wants the unit any more; nothing of it is left.
    """
    started_s = time.monotonic()
    storage = Storage(job.root)
    tables: dict[str, list[Row]] = {"videos": [], "clips": [], "captions": []}
    names = {kind: f"{kind}/{job.unit}.tar" for kind in ("media", "keyframes")}
    with ExitStack() as stack:
        writers = {kind: stack.enter_context(storage.writing(name)) for kind, name in names.items()}
        tars = {kind: stack.enter_context(TarWriter(file)) for kind, file in writers.items()}
        for video in job.videos:
            with scratch_folder("v") as work:
                if begin(video.video_id) > _MAX_ATTEMPTS:
                    crash = VideoFailure("worker_died", "two workers died of this video")
                    outcome = fail_video(video, job.origin, crash)
                else:
                    outcome = make_video(video, job.origin, job.config, work)
                _store(outcome, tars, names["media"], tables)
            done(outcome.row)
        if not wanted():
            raise AbandonedError(job.unit)
    files = [writer.record for writer in writers.values()]
    files += [_write_table(storage, job.unit, table, rows) for table, rows in tables.items()]
    counts = {table: len(rows) for table, rows in tables.items()}
    timings = {"wall_s": round(time.monotonic() - started_s, 3)}
    commit_unit(
        storage,
        Commit(stage=STAGE, unit=job.unit, files=tuple(files), rows=counts, timings=timings),
    )
    return {"unit": job.unit, "num_videos": counts["videos"], "num_clips": counts["clips"]}


def _store(
    outcome: Outcome, tars: dict[str, Any], shard: str, tables: dict[str, list[Row]]
) -> None:
    """Moves a video's clips into the tars; all of its rows follow, or none."""
    for row, clip in outcome.clips:
        member = tars["media"].add(f"{row['clip_id']}.mp4", clip.path.read_bytes())
        tars["keyframes"].add(f"{row['clip_id']}.jpg", clip.scene.keyframe)
        place = {"offset": member.offset, "nbytes": member.nbytes, "sha256": member.sha256}
        tables["clips"].append(row | place | {"shard": shard})
    tables["videos"].append(outcome.row)
    tables["captions"] += outcome.captions


def _write_table(storage: Storage, unit: str, table: str, rows: list[Row]) -> FileRecord:
    family = FAMILY if table == "captions" else ""
    return write_rows(storage, table, table_file(table, unit, family), rows)
