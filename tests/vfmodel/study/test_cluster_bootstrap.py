"""Standard errors against closed forms, and against how estimates really scatter."""

import numpy as np
import pytest
import scipy.stats

from vfmodel.study.cluster_bootstrap import VoteTable, reach_of, spread_of, t_quantile


def mean_of(counts):
    """Share of cell 1 of two."""
    return (counts[:, 1] / counts.sum(1))[:, None]


def table_of(values):
    """Votes 0 or 1 of every rater (columns) on every prompt (rows)."""
    prompts, raters = np.indices(values.shape)
    return VoteTable(
        cells=values.ravel().astype(int),
        prompts=prompts.ravel(),
        raters=raters.ravel(),
        num_cells=2,
    )


def draw(rng, prompt_spread, rater_spread, prompts=30, raters=24):
    gap = rng.normal(0, prompt_spread, (prompts, 1)) + rng.normal(0, rater_spread, (1, raters))
    return rng.random((prompts, raters)) < 1 / (1 + np.exp(-gap))


def spread(values, seed=0, replicates=400):
    generator = np.random.default_rng(seed)
    return spread_of(table_of(values), mean_of, replicates=replicates, generator=generator)[0]


@pytest.mark.parametrize("spreads", [(0, 0), (1.5, 0), (0, 1.5), (1.0, 1.0)])
def test_it_is_how_much_the_estimate_really_scatters(spreads):
    rng = np.random.default_rng(1)
    samples = [draw(rng, *spreads) for _ in range(300)]
    real = np.std([values.mean() for values in samples])
    claimed = np.sqrt(np.mean([spread(values) ** 2 for values in samples[:40]]))
    assert 0.88 < claimed / real < 1.2


@pytest.mark.parametrize("spreads", [(0, 0), (1.0, 1.0)])
def test_intervals_hold_as_often_as_promised(spreads):
    rng = np.random.default_rng(5)
    truth = 0.5  # the draws are symmetric
    held = []
    for number in range(300):
        values = draw(rng, *spreads)
        reach = reach_of(table_of(values)) * spread(values, seed=number, replicates=100)
        held.append(abs(values.mean() - truth) <= reach)
    # 95 %, give or take three standard errors of a share of 300.
    assert 0.912 <= np.mean(held) <= 0.988


def test_votes_taken_for_independent_would_claim_too_little():
    rng = np.random.default_rng(2)
    values = draw(rng, 1.5, 1.5)
    naive = np.sqrt(values.mean() * (1 - values.mean()) / values.size)
    assert spread(values) > 2.5 * naive


def test_prompts_that_decide_everything_have_the_binomial_error_of_prompts():
    rng = np.random.default_rng(3)
    decided = (rng.random(40) < 0.5)[:, None].repeat(15, 1)
    share = decided.mean()
    expected = np.sqrt(share * (1 - share) / 39)
    assert spread(decided, replicates=4000) == pytest.approx(expected, rel=0.05)


def test_one_rater_says_nothing_of_others():
    rng = np.random.default_rng(4)
    assert np.isnan(spread(draw(rng, 0, 0, raters=1)))
    assert np.isnan(spread(draw(rng, 0, 0, prompts=1)))


@pytest.mark.parametrize("degrees", [4, 9, 30, 300])
@pytest.mark.parametrize("probability", [0.025, 0.9, 0.975, 0.995])
def test_the_quantile_is_students(degrees, probability):
    expected = scipy.stats.t.ppf(probability, degrees)
    assert t_quantile(probability, degrees) == pytest.approx(expected, rel=0.01)


def test_the_reach_follows_the_scarcer_clusters():
    values = np.zeros((30, 10), bool)
    assert reach_of(table_of(values)) == pytest.approx(scipy.stats.t.ppf(0.975, 9), rel=0.01)
    assert reach_of(table_of(values.T)) == reach_of(table_of(values))
