import math

import pytest

import hdvg.sources.rows as module
from hdvg.errors import InputError
from hdvg.sources.rows import (
    RowError,
    SkippedRow,
    get_field,
    parse_clock,
    parse_interval,
    parse_number,
    parse_text,
    read_csv,
    read_entries,
    read_lines,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:03:03.520", 183.52),
        ("0:00:10", 10.0),
        ("03:05.5", 185.5),
        ("1:00:00.001", 3600.001),
        (" 00:00:00 ", 0.0),
    ],
)
def test_clocks(text, seconds):
    assert parse_clock(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "12", "a:b:c", "-1:00:00", "00:00:1e3", None, 3.0, "1:2:3:4"])
def test_other_clocks_are_refused(text):
    with pytest.raises(RowError, match="HH:MM:SS"):
        parse_clock(text)


def test_intervals():
    assert parse_interval(["0:00:01", "0:00:03"]) == (1.0, 3.0)
    assert parse_interval((1, 2.5), parse_number) == (1.0, 2.5)
    for pair in ([1, 1], [2, 1], [-1, 1]):
        with pytest.raises(RowError, match="before it starts"):
            parse_interval(pair, parse_number)
    for pair in ([1], "ab", None, [1, 2, 3]):
        with pytest.raises(RowError, match="pair"):
            parse_interval(pair, parse_number)


def test_values():
    assert parse_text(" a \n b ") == "a b"
    assert parse_text(" a  b ") == "a b"
    assert parse_text("a\x1b[31mb\ud800 \u00fc") == "a b ü"
    assert len(parse_text("word " * 10_000)) <= 2000
    assert get_field({"a": 1}, "a") == 1
    for bad in (math.nan, math.inf, True, "1", None):
        with pytest.raises(RowError):
            parse_number(bad)
    with pytest.raises(RowError, match="'b'"):
        get_field({"a": 1}, "b")
    with pytest.raises(RowError):
        get_field([1], "a")


def test_lines_are_numbered_and_bad_ones_named(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROW_CHARS", 16)
    path = tmp_path / "x"
    path.write_bytes(b"\xef\xbb\xbffirst\n\n\xff\xfe\n" + b"y" * 100 + b"\nlast")
    rows = dict(read_lines(path))
    assert rows.pop("line 1") == "first"
    assert rows.pop("line 5") == "last"
    assert {where: str(row) for where, row in rows.items()} == {
        "line 3": "not UTF-8",
        "line 4": "too long",
    }


def test_a_bad_row_of_a_csv_costs_that_row_alone(tmp_path):
    path = tmp_path / "x.csv"
    path.write_bytes(b'a,b\n1,"two\nlines"\n3\n4,5,6\n\xff,8\n9,10\n')
    rows = list(read_csv(path, ["a", "b"]))
    assert rows[0] == ("line 3", {"a": "1", "b": "two\nlines"})
    assert rows[-1] == ("line 7", {"a": "9", "b": "10"})
    assert [str(row) for _, row in rows[1:-1]] == [
        "more or fewer columns than the header",
        "more or fewer columns than the header",
        "not UTF-8",
    ]
    with pytest.raises(InputError, match="no column c"):
        list(read_csv(path, ["a", "c"]))


def test_a_quote_that_never_closes_costs_what_it_swallows(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROW_CHARS", 64)
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"open\n' + "".join(f"{i},{i}\n" for i in range(200)))
    rows = list(read_csv(path, ["a", "b"]))
    assert str(rows[0][1]) == "not CSV"
    assert rows[-1][1] == {"a": "199", "b": "199"}


def test_entries_keep_the_order_of_good_and_bad():
    rows = [("line 1", "x"), ("line 2", RowError("bad already")), ("line 3", "y")]

    def parse(row):
        if row == "y":
            raise RowError("bad when parsed")
        return row

    assert list(read_entries(rows, parse)) == [
        "x",
        SkippedRow(where="line 2", reason="bad already"),
        SkippedRow(where="line 3", reason="bad when parsed"),
    ]
