"""Intervals by how often they hold the truth, and the bias by its known law."""

import pytest
import torch

from vfmodel.evaluation.fvd.frechet import frechet_of_features
from vfmodel.evaluation.fvd.uncertainty import extrapolate, frechet_interval

WIDTH = 8


def draw(seed, count, shift=0.0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, WIDTH, generator=generator, dtype=torch.float64) + shift


def mean_distance(count, shift, repeats=40):
    return (
        sum(
            frechet_of_features(draw(2 * k, count), draw(2 * k + 1, count, shift))
            for k in range(repeats)
        )
        / repeats
    )


def test_the_bias_is_halved_by_twice_the_videos():
    assert mean_distance(100, 0.0) / mean_distance(200, 0.0) == pytest.approx(2.0, rel=0.1)


def test_extrapolation_takes_most_of_the_bias_away():
    true = WIDTH * 0.3**2
    found = [extrapolate(draw(2 * k, 120), draw(2 * k + 1, 120, 0.3)) for k in range(30)]
    bias = mean_distance(120, 0.3, 30) - true
    assert bias > 0.1
    assert abs(sum(found) / 30 - true) < 0.25 * bias


def test_too_few_videos_cannot_be_extrapolated():
    assert extrapolate(draw(0, 2 * WIDTH + 1), draw(1, 400)) is None
    assert extrapolate(draw(0, 2 * WIDTH + 2), draw(1, 400)) is not None


def test_the_interval_holds_the_mean_figure_about_as_often_as_it_says():
    true = mean_distance(60, 0.5, 200)
    held, width = 0, 0.0
    for k in range(40):
        low, high = frechet_interval(draw(1000 + k, 60), draw(2000 + k, 60, 0.5), 60)
        held += low < true < high
        width += (high - low) / 40
    assert 34 <= held <= 40
    assert width < 2.5 * true


def test_the_order_of_videos_changes_nothing():
    one, two = draw(0, 50), draw(1, 50, 0.1)
    turn = torch.randperm(50, generator=torch.Generator().manual_seed(3))
    # But for the last bits, which depend on where in memory a matrix lies.
    turned = one[turn], two[turn.flip(0)]
    assert frechet_interval(one, two, 10) == pytest.approx(frechet_interval(*turned, 10), rel=1e-9)
    assert extrapolate(one, two) == pytest.approx(extrapolate(*turned), rel=1e-9)
