"""Threads that hand over, fail, and are left."""

import threading
import time

import pytest

from vfsr.film.overlap import ahead, behind


@pytest.fixture(autouse=True)
def no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


@pytest.mark.parametrize("length", [1, 3, 100])
def test_ahead_yields_all_in_order(length):
    with ahead(iter(range(50)), length) as items:
        assert list(items) == list(range(50))


def test_ahead_runs_ahead_but_no_further_than_told():
    made = []

    def make():
        for index in range(20):
            made.append(index)
            yield index

    with ahead(make(), 3) as items:
        next(items)
        time.sleep(0.3)
        # One taken, three waiting, one in hand.
        assert len(made) == 5


def test_ahead_raises_what_was_raised_there_after_what_came_before():
    def make():
        yield 1
        raise KeyError("lost")

    with ahead(make(), 4) as items:
        assert next(items) == 1
        with pytest.raises(KeyError, match="lost"):
            next(items)


def test_ahead_can_be_left():
    with ahead(iter(int, 1), 2) as items:
        assert next(items) == 0


def test_behind_takes_all_in_order():
    taken = []
    with behind(taken.extend, 2) as give:
        for index in range(50):
            give(index)
    assert taken == list(range(50))


def test_behind_raises_at_the_next_call_what_was_raised_there():
    def take(items):
        next(items)
        raise OSError("full")

    def run():
        with behind(take, 1) as give:
            for index in range(50):
                give(index)

    with pytest.raises(OSError, match="full"):
        run()


def test_behind_raises_at_the_end_what_was_raised_there():
    def take(items):
        for _ in items:
            pass
        raise OSError("full")

    with pytest.raises(OSError, match="full"), behind(take, 5) as give:
        give(1)


def test_behind_stops_when_the_block_fails():
    taken = []

    def take(items):
        for item in items:
            taken.append(item)
        taken.append("end")

    def run():
        with behind(take, 5) as give:
            give(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert "end" not in taken
