"""Builds a dataset: sources to units, units to workers, and the result in one summary.

A unit that is committed is not touched again, unless its failed videos are to be retried, and
everything else is made anew: the same command after a kill ends with the same dataset as one that
was left alone.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hdvg.catalogue import Catalogue
from hdvg.choose_retries import choose_retries, read_retry
from hdvg.claim import claim
from hdvg.cluster import check_address, ray_session, run_units
from hdvg.commits import BUILD
from hdvg.cut.cut_clip import CutConfig
from hdvg.dataset_folder import create_dataset
from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.make_unit import UnitJob
from hdvg.make_video import Origin, VideoConfig
from hdvg.offer_source import ShapesConfig, offer_source
from hdvg.plan import Plan, settle_plan
from hdvg.probe import FilterConfig
from hdvg.progress import View
from hdvg.purge import finish_purge
from hdvg.revise import remove_leftovers
from hdvg.scan.config import ScanConfig
from hdvg.shapes.site import check_folder
from hdvg.sources.sample import SPAN_MODES, Gathered, SampleConfig
from hdvg.sources.shapes_site import SHAPES
from hdvg.storage import Storage
from hdvg.tombstones import read_tombstones


@dataclass(frozen=True, kw_only=True)
class BuildConfig:
    """Everything a build can be told."""

    source: str
    """A folder of video files, a text file with a URL or YouTube id a line, "shapes", or
    <kind>:<path>, the kind being hdvila, hdvg130m, panda70m, webvid, msrvtt, ucf101, dataset,
    folder, file or list; the kind may be left out where the content shows it."""
    data: str
    """The dataset folder, or an fsspec URL such as s3://bucket/dataset."""
    unit_size: int = 16
    """Videos that are worked on and committed together."""
    labels: str = ""
    """A CSV or TSV file of video_id and label, for lists that do not name categories."""
    sample: SampleConfig = field(default_factory=SampleConfig)
    """How many videos of the source are taken, by label."""
    spans: str = "caption"
    """What parts that a list names are for: "caption" gives their captions to the scenes that they
    cover, "cut" makes exactly these parts the clips, "ignore" does not use them."""
    filter: FilterConfig = field(default_factory=FilterConfig)
    """Which videos are taken."""
    scan: ScanConfig = field(default_factory=ScanConfig)
    """How scenes are found."""
    cut: CutConfig = field(default_factory=CutConfig)
    """How clips are encoded."""
    download: DownloadConfig = field(default_factory=DownloadConfig)
    """How web videos are fetched."""
    shapes: ShapesConfig = field(default_factory=ShapesConfig)
    """The rendered corpus, where that is the source."""
    retry: str = ""
    """Which failed videos of finished units are tried again: failure classes or codes, separated by
    commas, such as "transient,throttled"; empty: none."""
    address: str = ""
    """A running Ray cluster to join; empty: this machine alone."""
    num_cpus: int = 0
    """Videos worked on at a time on this machine; 0: one a core."""

    def __post_init__(self) -> None:
        if not self.source:
            raise InputError("source is empty: give a folder, a list of URLs, or 'shapes'")
        if not self.data:
            raise InputError("data is empty: give the dataset folder")
        if self.unit_size < 1:
            raise InputError(f"unit_size must be at least 1, got {self.unit_size}")
        if self.num_cpus < 0:
            raise InputError(f"num_cpus must not be negative, got {self.num_cpus}")
        if self.spans not in SPAN_MODES:
            raise InputError(f"spans must be one of {', '.join(SPAN_MODES)}, got {self.spans!r}")
        if self.spans == "cut" and self.scan.fast:
            raise InputError("spans: cut needs every frame, which scan.fast does not look at")
        read_retry(self.retry)


@dataclass(frozen=True, kw_only=True)
class BuildSummary:
    """What a dataset holds after a build.

    Attributes:
        num_videos: Videos of the plan.
        num_ok: Of these, those that clips came from.
        num_clips: Clips.
        failures: Count by "class/code".
        skipped_rows: Rows of the source that could not be read, by reason.
        unmet_quotas: Label to how many videos the source had too few.
        units_before: Units that an earlier run had committed.
        units_made: Units that this run made.
        num_retried: Failed videos that this run tried again.
        num_recovered: Of these, those that are ok now.
        wall_s: Seconds that this run took.
    """

    num_videos: int
    num_ok: int
    num_clips: int
    failures: dict[str, int]
    skipped_rows: dict[str, int]
    unmet_quotas: dict[str, int]
    units_before: int
    units_made: int
    num_retried: int = 0
    num_recovered: int = 0
    wall_s: float


def build(config: BuildConfig) -> BuildSummary:
    """Builds a dataset, or goes on with one that was begun.

    Raises:
        InputError: A missing or empty source, a folder that is not a dataset or was built with
            other settings, another process at work on it, or no cluster at the address.
    """
    started_s = time.monotonic()
    check_address(config.address)
    with ExitStack() as stack:
        if config.source == SHAPES:
            _check_folders(config)
        found, origin = stack.enter_context(
            offer_source(config.source, config.shapes, config.sample, config.labels, config.spans)
        )
        before, owner = stack.enter_context(_claim(config))
        storage = before.storage
        plan = settle_plan(storage, found.videos, config.unit_size)
        jobs = _open_jobs(config, plan, before, origin)
        if jobs:
            _run(config, jobs, owner)
        storage.remove_partials()
        return _summarise(storage, found, before, jobs, time.monotonic() - started_s)


def data_settings(config: BuildConfig) -> dict[str, Any]:
    """Every setting that alters the data, as plain values; the rest says where and how fast."""
    settings: dict[str, Any] = {
        "unit_size": config.unit_size,
        "filter": asdict(config.filter),
        "scan": asdict(config.scan),
        "cut": asdict(config.cut),
        "spans": config.spans,
        # How many are taken may grow, like the source itself; which ones come first may not change.
        "sample": {"seed": config.sample.seed},
        "download": {"format": config.download.format, "max_bytes": config.download.max_bytes},
    }
    if config.source == SHAPES:
        corpus = asdict(config.shapes.corpus)
        settings["shapes"] = {"part": config.shapes.part, "corpus": corpus}
    return settings


def video_settings(config: BuildConfig) -> VideoConfig:
    """The settings that a worker needs for a video."""
    return VideoConfig(
        download=config.download,
        filter=config.filter,
        scan=config.scan,
        cut=config.cut,
        spans=config.spans,
    )


@contextmanager
def _claim(config: BuildConfig) -> Iterator[tuple[Catalogue, str]]:
    """The dataset, made or checked, and held against other writers; leftovers are removed.

    Yields:
        What it holds, and the name of the owner.
    """
    storage = Storage(config.data)
    with claim(storage) as owner:
        create_dataset(config.data, sources=[config.source], config=data_settings(config))
        finish_purge(storage)
        catalogue = Catalogue(storage)
        remove_leftovers(catalogue)
        yield catalogue, owner


def _check_folders(config: BuildConfig) -> None:
    """Refuses folders that cannot be used before a corpus is rendered for nothing."""
    check_folder(Path(config.shapes.folder), config.shapes.corpus)
    with _claim(config):
        pass


def _open_jobs(config: BuildConfig, plan: Plan, before: Catalogue, origin: Origin) -> list[UnitJob]:
    """Units that are missing, and what is to be retried of those that are there."""
    storage = before.storage
    steps = replace(video_settings(config), tombstones=read_tombstones(storage))
    committed = set(before.units(BUILD))
    failed = before.table("videos").to_pylist() if config.retry else []
    again = choose_retries(failed, read_retry(config.retry))
    jobs = []
    for unit, videos in plan.items():
        revises = unit in committed
        chosen = tuple(v for v in videos if not revises or v.video_id in again)
        if chosen:
            jobs.append(
                UnitJob(
                    root=storage.root,
                    unit=unit,
                    videos=chosen,
                    origin=origin,
                    config=steps,
                    revises=revises,
                )
            )
    return jobs


def _run(config: BuildConfig, jobs: list[UnitJob], owner: str) -> None:
    total = sum(len(job.videos) for job in jobs)
    with View("hdvg build", total) as view:
        view.update(0, "starting Ray")
        with ray_session(config.address, config.num_cpus) as ray:
            run_units(ray, jobs, view.follow, owner)


def _summarise(
    storage: Storage, found: Gathered, before: Catalogue, jobs: list[UnitJob], wall_s: float
) -> BuildSummary:
    rows = Catalogue(storage).table("videos").to_pylist()
    failed = [row for row in rows if row["status"] != "ok"]
    counts = Counter(f"{row['fail_class']}/{row['fail_code']}" for row in failed)
    num_retried = sum(len(job.videos) for job in jobs if job.revises)
    still = {row["video_id"] for row in failed}
    return BuildSummary(
        num_videos=len(rows),
        num_ok=len(rows) - len(failed),
        num_clips=sum(row["num_clips"] for row in rows),
        failures=dict(sorted(counts.items())),
        skipped_rows=found.skipped,
        unmet_quotas=found.unmet,
        units_before=len(before.units(BUILD)),
        units_made=sum(not job.revises for job in jobs),
        num_retried=num_retried,
        num_recovered=sum(
            video.video_id not in still for job in jobs if job.revises for video in job.videos
        ),
        wall_s=round(wall_s, 1),
    )
