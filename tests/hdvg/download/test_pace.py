"""Turns against a brute-force reading of the rules: no hour sees more than it may."""

import random

import pytest

from hdvg.download.pace import BURST_H, FIRST_PAUSE_S, MAX_PAUSE_S, PROBE_POLL_S, PROBE_S, Pace

NONE = frozenset()


def _drain(pace, site, now_s, avoid=NONE):
    """Egresses given at one moment."""
    given = []
    while (turn := pace.claim(site, avoid, now_s)).egress >= 0 and len(given) < 1000:
        given.append(turn.egress)
    return given


def test_without_a_rate_there_is_no_wait():
    assert len(_drain(Pace(1, {}), "a", 0.0)) == 1000


@pytest.mark.parametrize("rate", [1.0, 40.0, 300.0])
def test_no_hour_sees_more_than_the_rate_and_one_burst(rate):
    """Workers who ask at random times, for ten hours: every window of an hour is counted."""
    draw = random.Random(1)
    pace, now_s, given = Pace(1, {"a": rate}), 0.0, []
    while now_s < 36_000:
        turn = pace.claim("a", NONE, now_s)
        if turn.egress >= 0:
            given.append(now_s)
        now_s += draw.expovariate(rate / 3600 * 20)
    busiest = max(sum(start <= at < start + 3600 for at in given) for start in given)
    assert busiest <= rate + max(1.0, rate * BURST_H) + 1e-6
    # And nothing is given away: all ten hours were asked for.
    assert len(given) >= 9 * rate


def test_the_wait_is_exact():
    pace = Pace(1, {"a": 60.0})
    assert len(_drain(pace, "a", 0.0)) == 6  # a tenth of an hour's share
    wait_s = pace.claim("a", NONE, 0.0).wait_s
    assert wait_s == pytest.approx(60.0)
    assert pace.claim("a", NONE, wait_s - 0.01).egress == -1
    assert pace.claim("a", NONE, wait_s + 0.01).egress == 0


def test_sites_and_egresses_have_buckets_of_their_own():
    pace = Pace(3, {}, default_rate=60.0)
    assert sorted(_drain(pace, "a", 0.0)) == sorted([0, 1, 2] * 6)
    assert len(_drain(pace, "b", 0.0)) == 18


def test_egresses_take_turns():
    pace = Pace(3, {})
    given = [pace.claim("a", NONE, float(now_s)).egress for now_s in range(6)]
    assert given == [0, 1, 2, 0, 1, 2]
    assert pace.claim("a", frozenset([0, 1]), 9.0).egress == 2


def test_a_trip_closes_one_egress_for_all():
    pace = Pace(2, {})
    turn = pace.claim("a", NONE, 0.0)
    pace.settle("a", turn, 1.0, throttled=True)
    assert set(_drain(pace, "a", 2.0)) == {1 - turn.egress}
    assert pace.claim("a", frozenset([1 - turn.egress]), 2.0).wait_s == FIRST_PAUSE_S - 1
    assert pace.claim("b", frozenset([1 - turn.egress]), 2.0).egress == turn.egress


def test_what_the_site_says_is_kept_to():
    pace = Pace(1, {})
    turn = pace.claim("a", NONE, 0.0)
    pace.settle("a", turn, 0.5, throttled=True, retry_after_s=7.0)
    assert pace.claim("a", NONE, 0.5).wait_s == 7.0
    assert pace.claim("a", NONE, 7.4).egress == -1
    assert pace.claim("a", NONE, 7.5).egress == 0


def test_pauses_double_up_to_an_hour_and_one_success_ends_them():
    pace, now_s, pauses = Pace(1, {}), 0.0, []
    for _ in range(40):
        turn = pace.claim("a", NONE, now_s)
        pace.settle("a", turn, now_s, throttled=True)
        pauses.append(pace.claim("a", NONE, now_s).wait_s)
        now_s += pauses[-1]
    assert pauses == [min(MAX_PAUSE_S, FIRST_PAUSE_S * 2.0**n) for n in range(40)]
    turn = pace.claim("a", NONE, now_s)
    pace.settle("a", turn, now_s + 1, throttled=False)
    assert len(_drain(pace, "a", now_s + 1)) == 1000
    turn = pace.claim("a", NONE, now_s + 2)
    pace.settle("a", turn, now_s + 2, throttled=True)
    assert pace.claim("a", NONE, now_s + 2).wait_s == FIRST_PAUSE_S


def test_after_a_pause_one_goes_first():
    pace = Pace(1, {})
    pace.settle("a", pace.claim("a", NONE, 0.0), 0.0, throttled=True)
    first = pace.claim("a", NONE, FIRST_PAUSE_S)
    assert first.egress == 0
    # The others look again soon.
    assert pace.claim("a", NONE, FIRST_PAUSE_S).wait_s == PROBE_POLL_S
    assert pace.claim("a", NONE, FIRST_PAUSE_S + PROBE_POLL_S).egress == -1
    # Its worker died, so another one goes.
    assert pace.claim("a", NONE, FIRST_PAUSE_S + PROBE_S).egress == 0


def test_what_was_on_its_way_before_a_trip_says_nothing_new():
    pace = Pace(1, {})
    turns = [pace.claim("a", NONE, 0.0) for _ in range(5)]
    for turn in turns:
        pace.settle("a", turn, 1.0, throttled=True)
    assert pace.claim("a", NONE, 1.0).wait_s == FIRST_PAUSE_S
    pace.settle("a", turns[0], 2.0, throttled=False)
    assert pace.claim("a", NONE, 2.0).egress == -1


def test_a_site_that_throttles_over_a_limit_is_left_alone():
    """A site with a quota of its own, ten workers, a day: refused requests stay rare."""
    draw = random.Random(2)
    pace, now_s, answered, refused, window = Pace(1, {}), 0.0, 0, 0, []
    while now_s < 86_400:
        turn = pace.claim("a", NONE, now_s)
        if turn.egress >= 0:
            window = [at for at in window if at > now_s - 3600]
            throttled = len(window) >= 200
            window += [] if throttled else [now_s]
            pace.settle("a", turn, now_s, throttled=throttled)
            answered += not throttled
            refused += throttled
        now_s += draw.expovariate(10 / 12)
    assert answered > 0.8 * 24 * 200
    assert refused < 0.1 * answered


def test_waits_say_whose_wish_they_are():
    pace = Pace(2, {}, default_rate=1.0)
    assert sorted(_drain(pace, "a", 0.0)) == [0, 1]
    assert not pace.claim("a", NONE, 0.0).is_closed  # only the bucket is empty
    pace = Pace(2, {})
    turns = [pace.claim("a", NONE, 0.0), pace.claim("a", NONE, 0.0)]
    pace.settle("a", turns[0], 10.0, throttled=True)
    pace.settle("a", turns[1], 15.0, throttled=True)
    found = pace.claim("a", NONE, 20.0)
    assert (found.egress, found.is_closed, found.closed_s) == (-1, True, 5.0)
    pace.settle("a", pace.claim("a", NONE, 60.0), 61.0, throttled=False)
    assert pace.claim("a", NONE, 62.0).egress >= 0
    assert not pace.claim("b", NONE, 62.0).is_closed
