"""The examples of RFC 9110, and what players never send."""

import pytest

from vfmodel.study.byte_range import parse_range


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, (0, 10_000)),
        ("", (0, 10_000)),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=-500", (9500, 10_000)),
        ("bytes=9500-", (9500, 10_000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=-1", (9999, 10_000)),
        ("bytes=9999-20000", (9999, 10_000)),
        ("bytes=-20000", (0, 10_000)),
        (" bytes=1-2 ", (1, 3)),
    ],
)
def test_one_range(header, part):
    assert parse_range(header, 10_000) == range(*part)


@pytest.mark.parametrize(
    "header",
    [
        "bytes=10000-",
        "bytes=5-4",
        "bytes=-0",
        "bytes=-",
        "bytes=0-1,4-5",
        "lines=1-2",
        "bytes=a-b",
        f"bytes={'9' * 5000}-",
    ],
)
def test_what_cannot_be_given(header):
    assert parse_range(header, 10_000) is None
