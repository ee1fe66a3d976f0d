"""What the report says, gathered from a dataset's tables and commits."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.manifest import SCORES, read_table, table_file
from hdvg.report.chart import Chart, draw_histogram
from hdvg.report.funnel import Step, count_clips, count_videos
from hdvg.select.columns import Columns
from hdvg.select.selection import clip_mask, list_selections

Row = Mapping[str, Any]
_MAX_EXAMPLES = 3
_MAX_BARS = 20
_UNKNOWN = "(not stated)"


@dataclass(frozen=True, kw_only=True)
class Share:
    """A value and how often it is met."""

    name: str
    count: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One way to fail, with examples: video id and message."""

    fail_class: str
    code: str
    count: int
    retryable: bool
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """How fast the build was, by the commits' timings; None where they do not say."""

    units: int
    worker_hours: float
    source_seconds_per_worker_second: float | None
    videos_per_worker_hour: float | None
    steps: tuple[tuple[str, float], ...]
    """Seconds by step, summed over units, other than the whole."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything but the gallery."""

    root: str
    name: str
    """The last part of the root."""
    sources: tuple[str, ...]
    config: tuple[tuple[str, str], ...]
    """Settings, flattened to dotted names."""
    config_hash: str
    num_videos: int
    num_ok: int
    num_clips: int
    hours: float
    nbytes: int
    """Of the clips."""
    video_steps: tuple[Step, ...]
    clip_steps: tuple[Step, ...]
    categories: tuple[Share, ...]
    durations: Chart | None
    caption_lengths: tuple[Chart, ...]
    """One a caption family."""
    shares: Mapping[str, tuple[Share, ...]]
    """Sizes, frame rates, licences and the like, by what they are."""
    scores: tuple[Chart, ...]
    failures: tuple[Failure, ...]
    throughput: Throughput


def gather_facts(root: str) -> tuple[Catalogue, Facts]:
    """Reads a dataset's tables and counts.

    Raises:
        InputError: Not a dataset, or nothing committed in it.
    """
    storage, info = open_dataset(root)
    catalogue = Catalogue(storage)
    if not catalogue.files("videos/"):
        raise InputError(f"the dataset has no committed videos yet: {root}")
    videos: list[Row] = catalogue.table("videos").to_pylist()
    clips = catalogue.table("clips")
    columns = Columns(catalogue, clips)
    lasts = clips["end_s"].to_numpy() - clips["start_s"].to_numpy()
    plan = read_table(storage, "units", table_file("units"))
    scenes = sum(row["num_scenes"] or 0 for row in videos)
    return catalogue, Facts(
        root=storage.root,
        name=storage.root.rstrip("/").rsplit("/", 1)[-1],
        sources=info.sources,
        config=tuple(flatten(info.config)),
        config_hash=info.config_hash,
        num_videos=len(plan),
        num_ok=sum(row["status"] == "ok" for row in videos),
        num_clips=len(clips),
        hours=float(lasts.sum()) / 3600,
        nbytes=int(clips["nbytes"].to_numpy().sum()),
        video_steps=tuple(count_videos(len(plan), videos)),
        clip_steps=tuple(count_clips(scenes, len(clips), _count_selections(catalogue, clips))),
        categories=_rank(_categories(columns)),
        durations=draw_histogram("Clip duration", lasts, unit="s"),
        caption_lengths=tuple(_caption_lengths(catalogue)),
        shares=_shares(columns, clips),
        scores=tuple(_scores(catalogue)),
        failures=tuple(count_failures(videos)),
        throughput=measure_throughput(catalogue, videos),
    )


def flatten(settings: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Settings as dotted names and texts, in their order."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def count_failures(videos: Iterable[Row]) -> list[Failure]:
    """Failures by class and code, most frequent first, with the first few of each."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in videos:
        if row["status"] != "ok":
            found[str(row["fail_class"]), str(row["fail_code"])].append(row)
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        Failure(
            fail_class=fail_class,
            code=code,
            count=len(rows),
            retryable=any(row["retryable"] for row in rows),
            examples=tuple(
                (row["video_id"], row["fail_message"] or "") for row in rows[:_MAX_EXAMPLES]
            ),
        )
        for (fail_class, code), rows in ranked
    ]


def measure_throughput(catalogue: Catalogue, videos: Iterable[Row]) -> Throughput:
    """Sums the timings of the build's commits. A worker is one CPU that Ray gave to a unit."""
    timings = [commit.timings for commit in catalogue.commits.get("build", {}).values()]
    totals: Counter[str] = Counter()
    for timing in timings:
        totals.update(timing)
    wall_s = totals.pop("wall_s", 0.0)
    rows = list(videos)
    source_s = sum(row["duration_s"] or 0.0 for row in rows)
    return Throughput(
        units=len(timings),
        worker_hours=wall_s / 3600,
        source_seconds_per_worker_second=source_s / wall_s if wall_s else None,
        videos_per_worker_hour=len(rows) / wall_s * 3600 if wall_s else None,
        steps=tuple(sorted(totals.items())),
    )


def _count_selections(catalogue: Catalogue, clips: pa.Table) -> list[tuple[str, str, int]]:
    """Selections that can be applied; one that asks for scores nobody made is left out."""
    counted = []
    for name, expression in list_selections(catalogue.storage).items():
        try:
            mask = clip_mask(catalogue, expression, clips)
        except InputError:
            continue
        counted.append((name, expression, int(mask.sum())))
    return counted


def _categories(columns: Columns) -> list[str]:
    """One category a clip: the label of the source list, else the first that the page states."""
    labels = columns.column("label").to_pylist()
    stated = columns.column("categories").to_pylist()
    return [
        label or (names[0] if names else _UNKNOWN)
        for label, names in zip(labels, stated, strict=True)
    ]


def _caption_lengths(catalogue: Catalogue) -> Iterable[Chart]:
    for family in catalogue.families("captions"):
        texts = catalogue.family("captions", family)["text"].to_pylist()
        words = [len(text.split()) for text in texts]
        if chart := draw_histogram(f"Caption length: {family}", words, unit="words"):
            yield chart


def _scores(catalogue: Catalogue) -> Iterable[Chart]:
    for family in catalogue.families("scores"):
        table = catalogue.family("scores", family)
        for field in SCORES[family]:
            if field.name == "fingerprint" or pa.types.is_string(field.type):
                continue
            about = {key.decode(): value.decode() for key, value in field.metadata.items()}
            values = table[field.name].to_numpy().astype(np.float64)
            chart = draw_histogram(field.name, values, unit=about["unit"], meaning=about["meaning"])
            if chart:
                yield chart


def _shares(columns: Columns, clips: pa.Table) -> dict[str, tuple[Share, ...]]:
    sizes = zip(clips["width"].to_pylist(), clips["height"].to_pylist(), strict=True)
    values: dict[str, Iterable[str]] = {
        "Resolution": (f"{width}x{height}" for width, height in sizes),
        "Frames a second": (f"{round(fps, 2):g}" for fps in clips["fps"].to_pylist()),
        "Aspect": (_name_aspect(aspect) for aspect in columns.column("aspect").to_pylist()),
        "Cut mode": clips["cut_mode"].to_pylist(),
        "Starts with": clips["boundary_start"].to_pylist(),
        "Licence": (name or _UNKNOWN for name in columns.column("license").to_pylist()),
    }
    return {name: _rank(found) for name, found in values.items()}


def _name_aspect(aspect: float) -> str:
    """The usual name of a picture's shape, or its ratio."""
    usual = {
        "16:9": 16 / 9,
        "9:16": 9 / 16,
        "4:3": 4 / 3,
        "3:4": 3 / 4,
        "1:1": 1.0,
        "21:9": 64 / 27,
    }
    near = [name for name, ratio in usual.items() if math.isclose(aspect, ratio, rel_tol=0.02)]
    return near[0] if near else f"{aspect:.2f}:1"


def _rank(values: Iterable[str]) -> tuple[Share, ...]:
    """Values by frequency; those after the twentieth as one."""
    counts = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    total = max(1, sum(count for _, count in counts))
    rest = sum(count for _, count in counts[_MAX_BARS:])
    shown = counts[:_MAX_BARS] + ([(f"{len(counts) - _MAX_BARS} others", rest)] if rest else [])
    return tuple(Share(name=name, count=count, share=count / total) for name, count in shown)
