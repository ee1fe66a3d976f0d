"""Intervals of means against the normal distribution's, and how often they hold the truth."""

import pytest
import torch

from vfmodel.evaluation.mean_interval import mean_interval


def test_it_is_the_normal_interval_of_many_scores():
    scores = torch.randn(1000, generator=torch.Generator().manual_seed(1)) * 0.3 + 2
    low, high = mean_interval(scores)
    mean, reach = scores.mean().item(), 1.96 * scores.std().item() / 1000**0.5
    assert (low, high) == pytest.approx((mean - reach, mean + reach), abs=2e-3)


def test_it_holds_the_truth_about_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(60):
        low, high = mean_interval(-torch.rand(50, generator=generator).log())  # mean 1
        held += low < 1.0 < high
    assert held >= 50


def test_the_order_of_scores_and_their_device_change_nothing():
    scores = torch.rand(40, generator=torch.Generator().manual_seed(0))
    assert mean_interval(scores) == mean_interval(scores.flip(0))


def test_one_score_has_no_interval():
    assert mean_interval(torch.ones(1)) is None
    assert mean_interval(torch.ones(2)) == (1.0, 1.0)
