"""How far a dataset is: units, videos by outcome, clips, families, and what could be retried."""

from collections import Counter
from dataclasses import dataclass
from typing import get_args

from hdvg.catalogue import Catalogue, FamilyKind
from hdvg.claim import is_claimed
from hdvg.commits import BUILD
from hdvg.plan import read_plan
from hdvg.storage import Storage
from hdvg.tombstones import read_tombstones


@dataclass(frozen=True, kw_only=True)
class Status:
    """The state of a dataset.

    Attributes:
        is_busy: Whether something is writing it now.
        units_planned: Units of the plan.
        units_committed: Of these, those that the build has finished.
        videos_planned: Videos of the plan.
        outcomes: Finished videos by outcome: "ok", or "class/code".
        num_clips: Clips.
        hours: What they last in all.
        nbytes: Size of all committed files in bytes.
        coverage: Clips that a family has a row for, by family, such as "captions.blip2".
        retryable: Failed videos that another attempt could save, by failure class.
        num_tombstones: Videos and channels that were taken down.
    """

    is_busy: bool
    units_planned: int
    units_committed: int
    videos_planned: int
    outcomes: dict[str, int]
    num_clips: int
    hours: float
    nbytes: int
    coverage: dict[str, int]
    retryable: dict[str, int]
    num_tombstones: int


def read_status(storage: Storage) -> Status:
    """Counts what is committed."""
    plan = read_plan(storage)
    catalogue = Catalogue(storage)
    videos = catalogue.table("videos").select(["status", "fail_class", "fail_code", "retryable"])
    outcomes: Counter[str] = Counter()
    retryable: Counter[str] = Counter()
    for row in videos.to_pylist():
        ok = row["status"] == "ok"
        outcomes["ok" if ok else f"{row['fail_class']}/{row['fail_code']}"] += 1
        if row["retryable"]:
            retryable[row["fail_class"]] += 1
    clips = catalogue.table("clips")
    seconds = sum(clips["end_s"].to_pylist()) - sum(clips["start_s"].to_pylist())
    stones = read_tombstones(storage)
    return Status(
        is_busy=is_claimed(storage),
        units_planned=len(plan),
        units_committed=len(catalogue.units(BUILD)),
        videos_planned=sum(len(members) for members in plan.values()),
        outcomes=dict(sorted(outcomes.items())),
        num_clips=len(clips),
        hours=round(seconds / 3600, 6),
        nbytes=sum(
            record.nbytes
            for commits in catalogue.commits.values()
            for commit in commits.values()
            for record in commit.files
        ),
        coverage={
            f"{kind}.{name}": len(catalogue.family(kind, name))
            for kind in get_args(FamilyKind)
            for name in catalogue.families(kind)
        },
        retryable=dict(sorted(retryable.items())),
        num_tombstones=len(stones.videos) + len(stones.channels),
    )
