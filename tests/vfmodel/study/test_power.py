"""Votes needed, against published figures and against simulated studies."""

import numpy as np
import pytest
import scipy.stats

from hdvg.errors import InputError
from vfmodel.study.power import PowerConfig, plan_votes


def needed(**settings):
    plain = {"tie_share": 0.0, "votes_a_prompt": 1.0, "votes_a_rater": 1.0}
    return plan_votes(PowerConfig(**(plain | settings)))


@pytest.mark.parametrize(("share", "votes"), [(0.55, 783), (0.6, 194), (0.65, 85), (0.7, 47)])
def test_the_figures_of_textbooks(share, votes):
    assert needed(win_share=share).independent_votes == votes


@pytest.mark.parametrize(("share", "power"), [(0.6, 0.8), (0.65, 0.9), (0.55, 0.8)])
def test_a_study_of_that_size_finds_the_difference_that_often(share, power):
    votes = needed(win_share=share, power=power).votes
    wins = np.random.default_rng(0).binomial(votes, share, 20_000)
    found = np.abs(wins - votes / 2) > scipy.stats.norm.ppf(0.975) * np.sqrt(votes) / 2
    assert np.mean(found) == pytest.approx(power, abs=0.03)


def test_ties_clusters_and_comparisons_take_more():
    alone = needed().votes
    assert needed(tie_share=0.5).votes == 2 * alone or needed(tie_share=0.5).votes == 2 * alone - 1
    found = needed(
        votes_a_prompt=3.0, prompt_correlation=0.2, votes_a_rater=11.0, rater_correlation=0.1
    )
    assert found.inflation == pytest.approx(1 + 2 * 0.2 + 10 * 0.1)
    assert found.votes == pytest.approx(2.4 * alone, abs=2)
    assert found.raters == -(-found.votes // 11)
    assert found.prompts == -(-found.votes // 3)
    normal = scipy.stats.norm
    expected = ((normal.ppf(1 - 0.05 / 18) * 0.5 + normal.ppf(0.8) * 0.24**0.5) / 0.1) ** 2
    assert needed(comparisons=9).votes == np.ceil(expected)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("win_share", 0.5),
        ("win_share", 1.0),
        ("tie_share", 1.0),
        ("power", 0.0),
        ("alpha", 1.0),
        ("comparisons", 0),
        ("votes_a_prompt", 0.5),
        ("votes_a_rater", float("nan")),
        ("prompt_correlation", -0.1),
        ("rater_correlation", float("nan")),
    ],
)
def test_a_bad_setting_is_named(field, value):
    with pytest.raises(InputError, match=field):
        PowerConfig(**{field: value})
