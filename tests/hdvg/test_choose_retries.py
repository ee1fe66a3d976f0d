import pytest

from hdvg.choose_retries import choose_retries, read_retry
from hdvg.errors import InputError
from hdvg.failures import CODES


def test_a_class_stands_for_its_codes_and_codes_for_themselves():
    assert read_retry("") == frozenset()
    assert read_retry("geo") == {"geo_blocked"}
    assert read_retry(" timeout, http_429 ") == {"timeout", "http_429"}
    transient = {code for code, kind in CODES.items() if kind == "transient"}
    assert read_retry("transient,http_429") == transient | {"http_429"}


@pytest.mark.parametrize("text", ["transcient", "transient,,x y", "ok"])
def test_names_that_do_not_exist_are_refused_with_those_that_do(text):
    with pytest.raises(InputError, match=r"no failure class or code .* throttled, transient"):
        read_retry(text)


@pytest.mark.parametrize("text", ["permanent", "content", "corrupt", "private", "purged"])
def test_what_another_attempt_cannot_help_is_refused(text):
    with pytest.raises(InputError, match=f"cannot help what failed as '{text}'"):
        read_retry(text)


def test_only_failures_of_these_codes_that_may_be_retried_are_chosen():
    rows = [
        {"video_id": "a", "retryable": True, "fail_code": "timeout"},
        {"video_id": "b", "retryable": False, "fail_code": "timeout"},
        {"video_id": "c", "retryable": True, "fail_code": "http_429"},
        {"video_id": "d", "retryable": False, "fail_code": None},
    ]
    assert choose_retries(rows, read_retry("transient")) == {"a"}
    assert choose_retries(rows, read_retry("throttled,timeout")) == {"a", "c"}
    assert choose_retries(rows, read_retry("")) == set()
