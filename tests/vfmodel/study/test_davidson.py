"""Strengths against the definition of the model, a general optimiser, and what was put in."""

import numpy as np
import pytest
from scipy.optimize import minimize

from vfmodel.study.davidson import are_linked, fit_davidson

PAIRS = [(0, 1), (0, 2), (1, 2), (1, 3)]


def chances(strengths, tie):
    """Davidson (1970), with worths instead of logarithms."""
    worth = np.exp(strengths)
    rows = []
    for i, j in PAIRS:
        parts = np.array([worth[i], tie * np.sqrt(worth[i] * worth[j]), worth[j]])
        rows.append(parts / parts.sum())
    return np.array(rows)


def test_it_maximises_the_likelihood_of_the_definition():
    counts = np.array([[12, 5, 3], [9, 0, 1], [7, 7, 6], [2, 1, 14]], float)
    votes = counts + 4 / 16  # four parameters, four pairs

    def loss(free):
        strengths = np.array([0, *free[:3]])
        return -(votes * np.log(chances(strengths, np.exp(free[3])))).sum()

    best = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    expected = np.array([0, *best[:3]])
    [found] = fit_davidson(counts[None], PAIRS, 4)
    assert found[:4] == pytest.approx(expected - expected.mean(), abs=1e-5)
    assert found[4] == pytest.approx(best[3], abs=1e-5)


def test_two_models_have_a_closed_form():
    counts = np.array([[[30.0, 9, 10]], [[5.0, 0, 0]], [[0.0, 0, 0]]])
    found = fit_davidson(counts, [(0, 1)], 2)
    wins, ties, losses = (counts[:, 0, k] + 0.5 for k in range(3))
    assert found[:, 0] - found[:, 1] == pytest.approx(np.log(wins / losses))
    assert found[:, 2] == pytest.approx(np.log(ties / np.sqrt(wins * losses)))
    assert np.allclose(found[:, :2].sum(1), 0)


def test_what_was_put_in_comes_out_of_many_votes():
    strengths, tie = np.array([1.0, 0.2, -0.3, -0.9]), 0.7
    counts = 1e6 * chances(strengths, tie)[None]
    [found] = fit_davidson(counts, PAIRS, 4)
    assert found[:4] == pytest.approx(strengths, abs=1e-4)
    assert np.exp(found[4]) == pytest.approx(tie, abs=1e-4)


def test_a_model_that_won_everything_has_a_finite_strength_that_grows_with_the_votes():
    gaps = []
    for count in (5.0, 50.0, 5000.0):
        [found] = fit_davidson(np.array([[[count, 0, 0]]]), [(0, 1)], 2)
        assert np.isfinite(found).all()
        gaps.append(found[0] - found[1])
    assert gaps[0] < gaps[1] < gaps[2]


def test_tables_do_not_touch_each_other():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 40, (6, 4, 3)).astype(float)
    together = fit_davidson(counts, PAIRS, 4)
    alone = np.concatenate([fit_davidson(table[None], PAIRS, 4) for table in counts])
    assert np.allclose(together, alone, atol=1e-7)


@pytest.mark.parametrize(
    ("pairs", "linked"),
    [
        ([(0, 1), (1, 2)], True),
        ([(0, 1)], False),
        ([(0, 1), (2, 3)], False),
        ([(2, 1), (1, 0)], True),
    ],
)
def test_models_are_linked_by_chains(pairs, linked):
    assert are_linked(pairs, 4 if (2, 3) in pairs else 3) is linked
