"""Turns of weighted streams, against counting them one by one."""

from collections import Counter

import pytest

from vfmodel.interleave import Interleaving

WEIGHTS = [
    [1.0],
    [1.0, 1.0],
    [0.5, 0.3, 0.2],
    [1.0, 3.0],
    [0.1, 0.7],
    [1e-3, 5.0, 2.0],
    [3.0, 3.0, 1.0],
]


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_turns_are_counted_and_shared_out_evenly(weights):
    streams = Interleaving(weights)
    seen = Counter()
    for place in range(2000):
        stream, before = streams.turn(place)
        assert before == seen[stream]
        seen[stream] += 1
        for other, weight in enumerate(weights):
            wanted = (place + 1) * weight / sum(weights)
            assert abs(seen[other] - wanted) < len(weights)


def test_only_the_ratios_matter():
    small, large = Interleaving([0.2, 0.6]), Interleaving([1.0, 3.0])
    assert [small.turn(n) for n in range(100)] == [large.turn(n) for n in range(100)]


def test_far_places_are_exact():
    third = Interleaving([1.0, 2.0])
    assert third.turn(3 * 10**18 + 2) == (0, 10**18)
    assert third.turn(3 * 10**18) == (1, 2 * 10**18)
