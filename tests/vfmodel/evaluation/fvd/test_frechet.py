"""Distances whose value is known in closed form, and scipy's `sqrtm` for the rest."""

import numpy as np
import pytest
import torch
from scipy import linalg

from vfmodel.evaluation.fvd.frechet import frechet_distance, frechet_of_features, root_trace
from vfmodel.evaluation.fvd.moments import moments_of

GENERATOR = torch.Generator().manual_seed(0)


def draw(count, width, scale=1.0):
    return torch.randn(count, width, generator=GENERATOR, dtype=torch.float64) * scale


def exact(centre, covariance, count=50):
    """Features with exactly this mean and covariance."""
    raw = draw(count, len(covariance))
    raw = raw - raw.mean(dim=0)
    whiten = torch.linalg.inv(torch.linalg.cholesky(raw.T @ raw / (count - 1)))
    return raw @ whiten.T @ torch.linalg.cholesky(covariance).T + centre


def distances(first, second):
    return [
        frechet_distance(moments_of(first), moments_of(second)),
        frechet_of_features(first, second),
    ]


def test_equal_sets_are_at_no_distance():
    for values in (draw(200, 8), draw(20, 40)):
        assert distances(values, values.clone()) == pytest.approx([0, 0], abs=1e-9)


def test_a_shift_counts_squared_and_nothing_else():
    values, shift = draw(60, 8), draw(1, 8)
    wanted = float(shift.square().sum())
    assert distances(values, values + shift) == pytest.approx([wanted] * 2, rel=1e-9)


def test_diagonal_covariances_count_by_their_roots():
    first, second = (
        torch.rand(6, generator=GENERATOR).double() + 0.1,
        torch.arange(6.0).double() + 1,
    )
    wanted = float((first.sqrt() - second.sqrt()).square().sum())
    one, two = exact(0.0, first.diag()), exact(0.0, second.diag())
    assert distances(one, two) == pytest.approx([wanted] * 2, rel=1e-9)


def test_one_dimension_is_the_difference_of_deviations():
    one, two = (
        exact(1.0, torch.tensor([[9.0]]).double()),
        exact(3.0, torch.tensor([[4.0]]).double()),
    )
    assert distances(one, two) == pytest.approx([(3 - 2) ** 2 + (1 - 3) ** 2] * 2, rel=1e-9)


def test_turning_both_changes_nothing_and_scaling_both_counts_squared():
    one, two = draw(100, 7), draw(80, 7, 1.5) + 0.2
    turn = torch.linalg.qr(draw(7, 7)).Q
    wanted = frechet_of_features(one, two)
    assert frechet_of_features(one @ turn, two @ turn) == pytest.approx(wanted, rel=1e-9)
    assert frechet_of_features(3 * one, 3 * two) == pytest.approx(9 * wanted, rel=1e-9)
    assert frechet_of_features(two, one) == pytest.approx(wanted, rel=1e-9)


def test_features_that_never_change_leave_the_means():
    # Sixteen black and sixteen white videos, as in the first tool's example: no covariance at all.
    black, white = torch.zeros(16, 9), torch.full((16, 9), 2.0)
    assert distances(black, white) == pytest.approx([36.0, 36.0])


@pytest.mark.parametrize(("count", "more"), [(400, 300), (12, 30), (30, 12), (12, 400)])
def test_all_ways_agree_with_scipy(count, more):
    # Also for fewer vectors than features, and with a feature that is there twice.
    one, two = draw(count, 20) @ draw(20, 20), draw(more, 20)
    one[:, 3], two[:, 3] = one[:, 4], two[:, 4]
    first, second = np.cov(one.numpy().T), np.cov(two.numpy().T)
    root = linalg.sqrtm(first @ second + 1e-12 * np.eye(20)).real.trace()
    apart = (one.mean(0) - two.mean(0)).numpy()
    wanted = apart @ apart + first.trace() + second.trace() - 2 * root
    assert distances(one, two) == pytest.approx([wanted] * 2, rel=1e-5)
    assert distances(one, two)[0] == pytest.approx(distances(one, two)[1], rel=1e-6)


def test_the_root_is_of_the_product():
    first, second = (x @ x.T + 0.1 * torch.eye(5).double() for x in (draw(5, 5), draw(5, 5)))
    wanted = linalg.sqrtm((first @ second).numpy()).trace().real
    assert float(root_trace(first, second)) == pytest.approx(wanted, rel=1e-9)


def test_float32_features_are_as_good():
    one, two = draw(500, 10) + 1000, draw(500, 10) + 1000.5
    wanted = frechet_of_features(one, two)
    assert frechet_of_features(one.float(), two.float()) == pytest.approx(wanted, rel=1e-3)
