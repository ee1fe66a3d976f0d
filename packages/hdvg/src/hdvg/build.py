"""Builds a dataset: sources to units, units to workers, and the result in one summary.

A unit that is committed is never touched again, and everything else is made anew: the same
command after a kill ends with the same dataset as one that was left alone.
"""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hdvg.catalogue import Catalogue
from hdvg.cluster import ray_session, run_units
from hdvg.commits import committed_units
from hdvg.cut.cut_clip import CutConfig
from hdvg.dataset_folder import DATASET_FILE, create_dataset
from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.make_unit import STAGE, UnitJob
from hdvg.make_video import Origin, VideoConfig
from hdvg.offer_source import ShapesConfig, offer_source
from hdvg.plan import Plan, settle_plan
from hdvg.probe import FilterConfig
from hdvg.progress import View, describe
from hdvg.scan.config import ScanConfig
from hdvg.scratch import hold
from hdvg.shapes.site import check_folder
from hdvg.sources.sample import SPAN_MODES, Gathered, SampleConfig
from hdvg.sources.shapes_site import SHAPES
from hdvg.storage import Storage


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


@dataclass(frozen=True, kw_only=True)
class BuildSummary:
    """What a dataset holds after a build.

    Attributes:
        num_videos: Videos of the plan.
        num_ok: Of these, those that clips came from.
        num_clips: Clips.
        failures: Count by "class/code".
        skipped_rows: Rows of the source that could not be read, by reason.
        units_before: Units that an earlier run had committed.
        units_made: Units that this run made.
        wall_s: Seconds that this run took.
    """

    num_videos: int
    num_ok: int
    num_clips: int
    failures: dict[str, int]
    skipped_rows: dict[str, int]
    units_before: int
    units_made: int
    wall_s: float


def build(config: BuildConfig) -> BuildSummary:
    """Builds a dataset, or goes on with one that was begun.

    Raises:
        InputError: A missing or empty source, a folder that is not a dataset or was built with
            other settings, or another build at work on it.
    """
    started_s = time.monotonic()
    with ExitStack() as stack:
        if config.source == SHAPES:
            _check_folders(config)
        found, origin = stack.enter_context(
            offer_source(config.source, config.shapes, config.sample, config.labels, config.spans)
        )
        storage = stack.enter_context(_claim(config))
        plan = settle_plan(storage, found.videos, config.unit_size)
        before = committed_units(storage, STAGE)
        jobs = _open_jobs(config, plan, set(before), origin)
        if jobs:
            _run(config, jobs)
        storage.remove_partials()
        wall_s = time.monotonic() - started_s
        return _summarise(storage, found, len(before), len(jobs), wall_s)


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
    )


@contextmanager
def _claim(config: BuildConfig) -> Iterator[Storage]:
    """The dataset, made or checked, and held against other builds; leftovers are removed.

    Remote stores have no locks: two builds at once on one waste work, but write the same files.
    """
    with ExitStack() as stack:
        storage = Storage(config.data)
        if storage.is_local:
            stack.enter_context(hold(Path(storage.root), keep=DATASET_FILE))
        storage = create_dataset(config.data, sources=[config.source], config=data_settings(config))
        storage.remove_partials()
        yield storage


def _check_folders(config: BuildConfig) -> None:
    """Refuses folders that cannot be used before a corpus is rendered for nothing."""
    check_folder(Path(config.shapes.folder), config.shapes.corpus)
    with _claim(config):
        pass


def _open_jobs(
    config: BuildConfig, plan: Plan, committed: set[str], origin: Origin
) -> list[UnitJob]:
    steps = video_settings(config)
    root = Storage(config.data).root
    return [
        UnitJob(root=root, unit=unit, videos=tuple(videos), origin=origin, config=steps)
        for unit, videos in plan.items()
        if unit not in committed
    ]


def _run(config: BuildConfig, jobs: list[UnitJob]) -> None:
    total = sum(len(job.videos) for job in jobs)
    with View("hdvg build", total) as view:
        view.update(0, "starting Ray")
        with ray_session(config.address, config.num_cpus) as ray:
            run_units(ray, jobs, lambda tally: view.update(tally.num_done, describe(tally)))


def _summarise(
    storage: Storage, found: Gathered, num_before: int, num_made: int, wall_s: float
) -> BuildSummary:
    statuses: Counter[str] = Counter()
    num_clips = 0
    for row in Catalogue(storage).table("videos").to_pylist():
        failed = row["status"] != "ok"
        statuses[f"{row['fail_class']}/{row['fail_code']}" if failed else "ok"] += 1
        num_clips += row["num_clips"]
    num_ok = statuses.pop("ok", 0)
    return BuildSummary(
        num_videos=num_ok + statuses.total(),
        num_ok=num_ok,
        num_clips=num_clips,
        failures=dict(sorted(statuses.items())),
        skipped_rows=found.skipped,
        units_before=num_before,
        units_made=num_made,
        wall_s=round(wall_s, 1),
    )
