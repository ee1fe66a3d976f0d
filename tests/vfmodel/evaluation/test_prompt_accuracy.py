"""Shares and intervals against scipy's, and verdicts against answers written by hand."""

from dataclasses import replace

import pytest
from scipy.stats import binomtest

from vfmodel.evaluation.prompt_accuracy import add_up, compare, confuse, wilson
from vfmodel.evaluation.shapes_prompts import draw_prompts
from vfmodel.evaluation.shapes_tracker import Seen

PROMPTS = draw_prompts(6, 0, 7 / 8)


def right(prompt):
    return Seen(
        **prompt.attributes,
        watermark=prompt.stock,
        background_share=1.0,
        colour_share=1.0,
        shape_margin=0.1,
        motion_margin=1.0,
        watermark_likeness=0.0,
    )


@pytest.mark.parametrize(("hits", "count"), [(0, 5), (5, 5), (61, 64), (1, 1), (30, 128)])
def test_intervals_are_those_of_scipy(hits, count):
    share = wilson(hits, count)
    want = binomtest(hits, count).proportion_ci(method="wilson")
    assert (share.low, share.high) == pytest.approx((want.low, want.high), abs=1e-7)
    assert share.share == hits / count


@pytest.mark.parametrize(("hits", "count"), [(0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_is_refused(hits, count):
    with pytest.raises(ValueError, match=f"{hits} hits of {count}"):
        wilson(hits, count)


def test_groups_are_counted_apart():
    seen = [right(prompt) for prompt in PROMPTS]
    seen[0] = replace(seen[0], shape=None)  # a prompt that training saw
    seen[1] = replace(seen[1], watermark=True)  # one that it did not
    shares = add_up(PROMPTS, seen)
    assert (shares["seen"]["shape"].hits, shares["seen"]["shape"].count) == (2, 3)
    assert (shares["unseen"]["shape"].hits, shares["unseen"]["watermark"].hits) == (3, 2)
    assert (shares["all"]["everything"].hits, shares["all"]["everything"].count) == (4, 6)
    assert "unseen" not in add_up(PROMPTS[:1], seen[:1])


def test_a_direction_counts_where_one_is_asked_for():
    prompts = draw_prompts(96, 0, 7 / 8)
    directed = [k for k, prompt in enumerate(prompts) if "moving" in prompt.text]
    seen = [replace(right(prompt), motion="moving up") for prompt in prompts]
    share = add_up(prompts, seen)["all"]["direction"]
    up = sum("moving up" in prompts[k].text for k in directed)
    assert (share.hits, share.count) == (up, len(directed))
    assert 0 < up < len(directed) < 96
    still = [k for k in range(96) if k not in directed]
    only = add_up([prompts[k] for k in still], [seen[k] for k in still])["all"]
    assert "direction" not in only


def test_a_watermark_is_right_where_stock_is_asked_for():
    [stock] = draw_prompts(1, 0, 7 / 8, stock=True)
    assert compare(stock, right(stock))["watermark"]
    assert not compare(stock, replace(right(stock), watermark=False))["watermark"]
    assert all(compare(PROMPTS[0], right(PROMPTS[0])).values())


def test_mistakes_are_told_apart():
    seen = [replace(right(prompt), shape="star") for prompt in PROMPTS]
    seen[0] = replace(seen[0], shape=None)
    table = confuse(PROMPTS, seen, "shape")
    assert sum(sum(row.values()) for row in table.values()) == len(PROMPTS)
    assert table[PROMPTS[0].attributes["shape"]]["nothing"] == 1
