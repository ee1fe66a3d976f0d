import pytest

from hdvg.download.retry import (
    FIRST_DELAY_S,
    MAX_DELAY_S,
    REMEDIES,
    Attempts,
    delay_s,
    next_attempt,
)
from hdvg.failures import CODES, RETRYABLE, VideoFailure

# A code of each class.
OF_CLASS = {fail_class: code for code, fail_class in CODES.items()}


def _course(fail_class, retries=3, num_egresses=1, limit=20):
    """Egresses through which a video goes if every attempt fails alike; they are used in turn."""
    past, used = Attempts(), []
    while past is not None and len(used) < limit:
        egress = next(n for n in range(num_egresses) if n not in past.blocked)
        used.append(egress)
        failure = VideoFailure(OF_CLASS[fail_class], "")
        past = next_attempt(failure, egress, past, retries, num_egresses)
    return used


def test_every_class_has_a_remedy():
    assert set(REMEDIES) == set(CODES.values())
    assert set(REMEDIES) >= RETRYABLE


@pytest.mark.parametrize("fail_class", ["permanent", "content", "corrupt", "resource", "internal"])
def test_once_is_enough(fail_class):
    assert _course(fail_class, num_egresses=4) == [0]


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_transient_failures_are_repeated(retries):
    assert len(_course("transient", retries=retries)) == 1 + retries


@pytest.mark.parametrize("num_egresses", [1, 2, 5])
def test_what_is_blocked_here_is_tried_once_everywhere(num_egresses):
    assert _course("geo", num_egresses=num_egresses) == list(range(num_egresses))


def test_throttling_is_not_counted():
    assert len(_course("throttled", retries=0)) == 20
    past = Attempts(num_delayed=2, blocked=frozenset([1]))
    assert next_attempt(VideoFailure("http_429", ""), 0, past, 3, 4) == past


def test_delays_double_are_bounded_and_spread_and_always_the_same():
    for attempt in range(1, 12):
        middle = min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** (attempt - 1))
        delays = [delay_s(f"video {n}", attempt) for n in range(500)]
        assert middle / 2 <= min(delays) < 0.6 * middle
        assert 1.4 * middle < max(delays) <= 1.5 * middle
        assert sum(delays) / 500 == pytest.approx(middle, rel=0.1)
        assert delays == [delay_s(f"video {n}", attempt) for n in range(500)]
