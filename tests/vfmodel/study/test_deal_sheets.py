"""Every pair as often as the others, on both sides, checks all over the sheet."""

from collections import Counter
from itertools import pairwise

import pytest

from vfmodel.study.deal_sheets import deal_sheets


def deal(**changes):
    settings = {"num_sheets": 12, "pairs_a_sheet": 7, "seed": 1}
    return deal_sheets(range(10), [10, 11, 12], **settings | changes)


def test_a_sheet_has_different_pairs_and_all_checks():
    for sheet in deal():
        numbers = [trial.pair for trial in sheet]
        assert len(numbers) == len(set(numbers)) == 10
        assert {10, 11, 12} <= set(numbers)


@pytest.mark.parametrize("num_sheets", [1, 5, 12, 100])
def test_no_pair_is_dealt_more_than_once_more_than_another(num_sheets):
    counts = Counter(trial.pair for sheet in deal(num_sheets=num_sheets) for trial in sheet)
    dealt = [counts[number] for number in range(10)]
    assert max(dealt) - min(dealt) <= 1


def test_a_pair_changes_sides_each_time_it_is_dealt():
    sides = {}
    for sheet in deal(num_sheets=40):
        for trial in sheet:
            sides.setdefault(trial.pair, []).append(trial.swapped)
    for seen in sides.values():
        assert all(a != b for a, b in pairwise(seen))
    # Which side comes first is drawn.
    assert {seen[0] for seen in sides.values()} == {True, False}


def test_checks_lie_in_equal_parts_and_anywhere_in_them():
    places = Counter()
    for sheet in deal(num_sheets=400):
        at = [place for place, trial in enumerate(sheet) if trial.pair >= 10]
        assert at[0] <= 3
        assert at[1] <= 6
        places.update(at)
    assert set(places) == set(range(10))


def test_orders_differ_and_follow_the_seed():
    assert len({tuple(t.pair for t in sheet) for sheet in deal()}) == 12
    assert deal() == deal()
    assert deal() != deal(seed=2)


def test_a_rater_gets_all_pairs_where_there_are_few():
    [sheet] = deal_sheets(range(3), [], num_sheets=1, pairs_a_sheet=30, seed=0)
    assert sorted(trial.pair for trial in sheet) == [0, 1, 2]
