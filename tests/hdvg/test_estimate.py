import numpy as np
import pytest
from scipy import stats

from hdvg.download.settings import DownloadConfig
from hdvg.errors import InputError
from hdvg.estimate import EstimateConfig, allow_requests, estimate, proportion, total_of
from hdvg.try_videos import Trial


def _trial(failure="", cpu_s=36.0, **more):
    blank = {
        "requests": 1,
        "fetched_bytes": 10**9,
        "source_s": 600.0,
        "clips": 0 if failure else 10,
        "clips_s": 0.0 if failure else 60.0,
        "stored_bytes": 0 if failure else 10**8,
    }
    return Trial(failure=failure, cpu_s=cpu_s, **(blank | more))


@pytest.mark.parametrize(("successes", "tried"), [(0, 5), (5, 5), (13, 20), (1, 200)])
def test_the_yield_s_interval_is_wilson_s(successes, tried):
    found = proportion(successes, tried, 10**6)
    truth = stats.binomtest(successes, tried).proportion_ci(0.95, "wilson")
    assert (found.low, found.high) == pytest.approx((truth.low, truth.high), abs=1e-9)
    assert found.value == successes / tried


def test_intervals_of_sums_cover_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(0)
    population = rng.gamma(2.0, 3.0, 1000)
    hits = 0
    for trial in range(200):
        found = total_of(rng.choice(population, 60), len(population), trial)
        hits += found.low <= population.sum() <= found.high
    # Binomial(200, 0.95) is below 180 once in a thousand; the bootstrap is a little short at 60.
    assert hits >= 178


def test_a_whole_source_is_certain():
    how = EstimateConfig(requests_per_hour=300.0)
    result = estimate([_trial(), _trial("content/static")], 2, how)
    assert (result.success.low, result.success.value, result.success.high) == (0.5, 0.5, 0.5)
    assert result.clips.low == result.clips.value == result.clips.high == 10
    assert result.failures == {"content/static": 1}


def test_sums_are_scaled_to_the_source_and_the_slower_limit_counts():
    trials = [_trial()] * 4
    result = estimate(trials, 30_000, EstimateConfig(workers=20, requests_per_hour=1000.0))
    assert result.clips.value == 300_000
    assert result.clip_hours.value == pytest.approx(500.0)
    assert result.source_hours.value == pytest.approx(5000.0)
    assert result.download_bytes.value == pytest.approx(30_000 * 1e9)
    assert result.dataset_bytes.value == pytest.approx(30_000 * 1e8)
    assert result.cpu_hours.value == pytest.approx(300.0)
    assert (result.wall_hours.value, result.limited_by) == (pytest.approx(30.0), "requests")
    result = estimate(trials, 30_000, EstimateConfig(workers=2, requests_per_hour=1000.0))
    assert (result.wall_hours.value, result.limited_by) == (pytest.approx(150.0), "processors")


@pytest.mark.parametrize(
    ("asked", "download", "rate"),
    [
        (0.0, DownloadConfig(), 300.0),
        (0.0, DownloadConfig(requests_per_hour=50.0, proxies=("http://a:1", "http://b:1")), 100.0),
        (70.0, DownloadConfig(requests_per_hour=50.0), 70.0),
    ],
)
def test_pages_an_hour_are_what_the_downloads_allow(asked, download, rate):
    config = allow_requests(EstimateConfig(requests_per_hour=asked), download)
    assert config.requests_per_hour == rate


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"num_trials": 1}, "num_trials"),
        ({"workers": 0}, "workers"),
        ({"requests_per_hour": -1.0}, "requests_per_hour"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_settings_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        EstimateConfig(**settings)
