import pytest

import hdvg.download.budget as module
from hdvg.download.budget import MAX_PAGE_BYTES, MIN_BYTES_PER_S, Budget
from hdvg.failures import VideoFailure


class Clock:
    now_s = 100.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def _budget(clock, **changes):
    limits = {"max_bytes": 1000, "max_s": 60.0, "patience_s": 10.0}
    return Budget(clock=clock, **(limits | changes))


def _refused(call, nbytes):
    with pytest.raises(VideoFailure) as caught:
        call(nbytes)
    return caught.value.code


def test_bytes_of_a_video_are_counted_to_the_last(clock):
    budget = _budget(clock)
    budget.start_media()
    for _ in range(10):
        budget.spend(100)
    assert _refused(budget.spend, 1) == "too_large"


def test_pages_have_a_share_of_their_own(clock, monkeypatch):
    budget = _budget(clock)
    budget.refuse_size(MAX_PAGE_BYTES)
    assert _refused(budget.refuse_size, MAX_PAGE_BYTES + 1) == "too_large"
    budget.spend(5000)
    budget.start_media()
    budget.refuse_size(1000)
    assert _refused(budget.refuse_size, 1001) == "too_large"
    monkeypatch.setattr(module, "MAX_PAGE_BYTES", 10)
    assert _refused(_budget(clock).spend, 11) == "too_large"


def test_time_is_up_to_the_second(clock):
    budget = _budget(clock, patience_s=1000.0)
    clock.now_s += 59.9
    budget.spend(1)
    clock.now_s += 0.1
    assert _refused(budget.spend, 1) == "walltime"


@pytest.mark.parametrize("speed", [MIN_BYTES_PER_S - 100, MIN_BYTES_PER_S + 100])
def test_patience_depends_on_the_speed_alone(clock, speed):
    budget = _budget(clock, max_bytes=10**9, max_s=1000.0)
    budget.start_media()

    def run():
        for _ in range(500):
            clock.now_s += 0.1
            budget.spend(speed // 10)

    if speed > MIN_BYTES_PER_S:
        run()
    else:
        with pytest.raises(VideoFailure, match="stalled"):
            run()
        assert clock.now_s == pytest.approx(110.0, abs=0.2)


def test_time_between_answers_is_not_the_server_s(clock):
    budget = _budget(clock)
    clock.now_s += 30
    budget.start_reading()
    budget.spend(1)
