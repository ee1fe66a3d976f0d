"""Bars against a count by hand, in the drawing's geometry."""

import re

import numpy as np
import pytest

from hdvg.report.chart import HEIGHT, WIDTH, choose_edges, draw_histogram


def _counts(chart):
    return [int(bar.title.rsplit(": ", 1)[1]) for bar in chart.bars]


@pytest.mark.parametrize("seed", range(4))
def test_every_value_is_in_one_bar_and_its_height_says_how_many(seed):
    values = np.random.default_rng(seed).gamma(2, 3, 500)
    chart = draw_histogram("x", values, unit="s")
    assert sum(_counts(chart)) == 500
    for bar in chart.bars:
        low, high = map(float, re.match(r"(\S+) (?:to (\S+)|or more) s", bar.title).groups("inf"))
        inside = sum(low - 1e-9 <= value < high - 1e-9 for value in values)
        assert abs(inside - int(bar.title.rsplit(": ", 1)[1])) <= (high == np.inf)
    heights = np.array([bar.height for bar in chart.bars])
    np.testing.assert_allclose(
        heights / heights.max(), np.array(_counts(chart)) / max(_counts(chart)), atol=2e-3
    )
    lefts = [bar.x for bar in chart.bars]
    assert lefts == sorted(lefts)
    assert all(b.x >= 0 and b.x + b.width <= WIDTH and 0 <= b.y <= HEIGHT for b in chart.bars)
    assert all(0 < tick.at < WIDTH for tick in chart.x_ticks)


@pytest.mark.parametrize(
    "values",
    [[3.0], [0.0, 0.0], [-5.0, 7.0], [1e-9, 2e-9], [1e12, 3e12], list(range(1000)), [0.1] * 9],
)
def test_edges_are_round_few_and_hold_everything_but_the_tail(values):
    values = np.array(values)
    edges = choose_edges(values)
    assert 2 <= len(edges) <= 25
    assert edges[0] <= values.min()
    assert edges[-1] > np.quantile(values, 0.99)
    steps = np.diff(edges)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    if len(values) > 1 and values.min() < values.max():
        assert f"{steps[0]:.0e}"[0] in "125"


def test_whole_numbers_get_whole_bins():
    assert np.diff(choose_edges(np.array([8.0, 9.0, 11.0]))).tolist() == [1.0] * 4


def test_a_single_value_is_one_narrow_bar():
    (bar,) = draw_histogram("x", [0.0, 0.0, 0.0]).bars
    assert bar.width < WIDTH / 8
    assert bar.title.endswith(": 3")


def test_a_share_that_is_everywhere_the_same_is_drawn_from_0_to_1():
    chart = draw_histogram("watermark", [0.0] * 5, unit="0..1")
    assert [tick.label for tick in chart.x_ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    assert _counts(chart) == [5]


def test_strays_do_not_flatten_the_rest():
    chart = draw_histogram("x", [*np.linspace(0, 1, 999), 1e6])
    assert len(chart.bars) > 10
    assert "or more" in chart.bars[-1].title


def test_unknown_values_are_left_out_and_nothing_is_no_chart():
    assert sum(_counts(draw_histogram("x", [1.0, np.nan, np.inf, 2.0]))) == 2
    assert draw_histogram("x", []) is None
    assert draw_histogram("x", [np.nan]) is None


def test_it_is_described_for_who_cannot_see_it():
    chart = draw_histogram("Clip duration", [1.0, 2.0, 9.0], unit="s")
    assert chart.about == "Clip duration: 3 values, median 2 s, from 1 to 9"
