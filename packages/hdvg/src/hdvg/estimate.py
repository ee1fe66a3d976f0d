"""What a build would take and give, from some videos that were tried.

Sums over the whole source are the sample's mean times the number of videos, with a percentile
bootstrap around them; the yield, a proportion, has Wilson's interval. Both are of 95 %, and both
shrink to nothing when every video was tried.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.try_videos import Trial

_Z = 1.959963984540054  # the normal distribution's 97.5 % point
_TAILS = (2.5, 97.5)
_RESAMPLES = 2000
_HOUR_S = 3600.0
_GUEST_RATE = 300.0


@dataclass(frozen=True, kw_only=True)
class EstimateConfig:
    """How an estimate is made, and for what machinery."""

    num_trials: int = 20
    """How many videos of the source are tried."""
    workers: int = 16
    """Cores of the cluster that would build."""
    requests_per_hour: float = 0.0
    """Pages that the site answers in an hour, over all egresses. 0: for each egress what
    download.requests_per_hour says, and 300 where that is silent, about what YouTube grants a
    guest."""
    seed: int = 0
    """Which videos are tried."""

    def __post_init__(self) -> None:
        if self.num_trials < 2:
            raise InputError(f"num_trials must be at least 2, got {self.num_trials}")
        if self.workers < 1:
            raise InputError(f"workers must be at least 1, got {self.workers}")
        if not 0 <= self.requests_per_hour < math.inf:
            raise InputError(f"requests_per_hour cannot be {self.requests_per_hour}")
        if self.seed < 0:
            raise InputError(f"seed must not be negative, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """What a whole build would come to.

    Attributes:
        num_videos: Videos of the source.
        num_tried: Of these, those that were tried.
        failures: Count by "class/code" among the tried.
        success: Part of the videos that give clips, 0..1.
        clips: Clips.
        clip_hours: Their length in hours.
        source_hours: Length of the videos in hours.
        requests: Pages asked for.
        download_bytes: Bytes fetched.
        dataset_bytes: Bytes of clips and keyframes.
        cpu_hours: Processor time in hours.
        wall_hours: Time from start to end in hours, whichever of the two limits is longer.
        limited_by: "requests" or "processors".
    """

    num_videos: int
    num_tried: int
    failures: dict[str, int]
    success: Interval
    clips: Interval
    clip_hours: Interval
    source_hours: Interval
    requests: Interval
    download_bytes: Interval
    dataset_bytes: Interval
    cpu_hours: Interval
    wall_hours: Interval
    limited_by: str


def estimate(trials: Sequence[Trial], num_videos: int, config: EstimateConfig) -> Estimate:
    """Extrapolates from a random sample of a source.

    Args:
        trials: What became of the sample; at least one.
        num_videos: Videos of the source.
        config: What the build would run on; `requests_per_hour` above 0, see `allow_requests`.
    """
    columns = {
        name: np.asarray([getattr(trial, name) for trial in trials], np.float64)
        for name in Trial.__dataclass_fields__
        if name != "failure"
    }
    sums = {name: total_of(values, num_videos, config.seed) for name, values in columns.items()}
    failures = Counter(trial.failure for trial in trials if trial.failure)
    cpu_hours = _scaled(sums["cpu_s"], 1 / _HOUR_S)
    at_work = _scaled(cpu_hours, 1 / config.workers)
    asking = _scaled(sums["requests"], 1 / config.requests_per_hour)
    return Estimate(
        num_videos=num_videos,
        num_tried=len(trials),
        failures=dict(sorted(failures.items())),
        success=proportion(len(trials) - failures.total(), len(trials), num_videos),
        clips=sums["clips"],
        clip_hours=_scaled(sums["clips_s"], 1 / _HOUR_S),
        source_hours=_scaled(sums["source_s"], 1 / _HOUR_S),
        requests=sums["requests"],
        download_bytes=sums["fetched_bytes"],
        dataset_bytes=sums["stored_bytes"],
        cpu_hours=cpu_hours,
        wall_hours=Interval(
            value=max(at_work.value, asking.value),
            low=max(at_work.low, asking.low),
            high=max(at_work.high, asking.high),
        ),
        limited_by="requests" if asking.value > at_work.value else "processors",
    )


def allow_requests(config: EstimateConfig, download: DownloadConfig) -> EstimateConfig:
    """The config with `requests_per_hour` as the download settings have it, where it is 0."""
    if config.requests_per_hour:
        return config
    rate = (download.requests_per_hour or _GUEST_RATE) * download.num_egresses
    return replace(config, requests_per_hour=rate)


def proportion(successes: int, tried: int, population: int) -> Interval:
    """A proportion with Wilson's interval (Wilson 1927).

    Args:
        successes: Of the tried.
        tried: At least 1.
        population: What the sample was drawn from; a sample of all of it is certain.
    """
    share = successes / tried
    if tried >= population:
        return Interval(value=share, low=share, high=share)
    scale = 1 + _Z**2 / tried
    middle = (share + _Z**2 / (2 * tried)) / scale
    half = _Z / scale * math.sqrt(share * (1 - share) / tried + _Z**2 / (4 * tried**2))
    return Interval(value=share, low=max(0.0, middle - half), high=min(1.0, middle + half))


def total_of(
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]", population: int, seed: int
) -> Interval:
    """The sum over a population with a percentile bootstrap interval.

    Args:
        values: Of a random sample, [N].
        population: What the sample was drawn from; a sample of all of it is certain.
        seed: Of the resampling.
    """
    value = float(values.mean()) * population
    if len(values) >= population:
        return Interval(value=value, low=value, high=value)
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (_RESAMPLES, len(values)))].mean(axis=1)
    low, high = np.percentile(means, _TAILS) * population
    return Interval(value=value, low=float(low), high=float(high))


def _scaled(interval: Interval, factor: float) -> Interval:
    return replace(
        interval,
        value=interval.value * factor,
        low=interval.low * factor,
        high=interval.high * factor,
    )
