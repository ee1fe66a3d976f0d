"""Answers as browsers send them, hostile ones too, and the file that they travel in."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.study.answers import (
    Answer,
    AnswerFile,
    as_sent,
    parse_answer,
    parse_rater,
    parse_sheet,
    read_answer_file,
    write_answer_file,
)

GOOD = {"position": 2, "quality": "left", "text": "tie", "overall": "right", "seconds": 3.5}
RATER = "0123456789abcdef" * 2


def test_an_answer_is_read_and_written():
    answer = parse_answer(GOOD | {"more": "ignored"}, 3)
    choices = {"quality": "left", "text": "tie", "overall": "right"}
    assert answer == Answer(position=2, choices=choices, seconds=3.5)
    assert as_sent(answer) == GOOD


def test_a_pair_may_be_left_out():
    answer = parse_answer({"position": 0, "skipped": True, "seconds": 1}, 3)
    assert answer == Answer(position=0, choices=None, seconds=1.0)
    assert parse_answer(as_sent(answer), 3) == answer


@pytest.mark.parametrize(
    "change",
    [
        {"position": 3},
        {"position": -1},
        {"position": True},
        {"position": "1"},
        {"position": 1.0},
        {"quality": "middle"},
        {"quality": None},
        {"text": ["left"]},
        {"overall": {"left": 1}},
        {"seconds": -1},
        {"seconds": float("nan")},
        {"seconds": float("inf")},
        {"seconds": 10**400},
        {"seconds": "3"},
        {"seconds": True},
    ],
)
def test_anything_else_is_refused_by_name(change):
    with pytest.raises(InputError, match=next(iter(change))):
        parse_answer(GOOD | change, 3)


def test_no_object_is_refused_and_not_repeated_at_length():
    with pytest.raises(InputError) as refused:
        parse_answer("x" * 10_000, 3)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize("rater", ["", "0" * 31, "0" * 33, "g" * 32, "A" * 32, "0" * 32 + "\n", 7])
def test_a_rater_is_a_number_of_ours(rater):
    with pytest.raises(InputError, match="32 hexadecimal digits"):
        parse_rater(rater)
    assert parse_rater(RATER) == RATER


@pytest.mark.parametrize("sheet", [-1, 5, True, "0", None, 1.0])
def test_a_sheet_is_one_of_the_study(sheet):
    with pytest.raises(InputError, match=r"sheet must be in 0\.\.4"):
        parse_sheet(sheet, 5)
    assert parse_sheet(4, 5) == 4


def test_a_file_comes_back(tmp_path):
    answers = AnswerFile(rater=RATER, sheet=1, answers=(parse_answer(GOOD, 3),))
    path = write_answer_file(tmp_path / "a.json", "abc", answers)
    assert read_answer_file(path, "abc", [9, 3]) == answers


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"format": "x"}, "no file of answers"),
        ({"schema_version": 2}, "version 2"),
        ({"study": "xyz"}, "another study: 'xyz'"),
        ({"sheet": 2}, "sheet"),
        ({"rater": "me"}, "rater"),
        ({"answers": {}}, "no list of answers"),
        ({"answers": [GOOD | {"position": 7}]}, "position"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path, change, named):
    answers = AnswerFile(rater=RATER, sheet=1, answers=(parse_answer(GOOD, 3),))
    path = write_answer_file(tmp_path / "a.json", "abc", answers)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=named):
        read_answer_file(path, "abc", [9, 3])


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b"3", b" " * (5 << 20)])
def test_what_is_no_file_of_answers_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.json"):
        read_answer_file(tmp_path / "a.json", "abc", [3])
