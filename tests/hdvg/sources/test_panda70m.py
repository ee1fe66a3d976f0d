import csv

import pytest

from hdvg.errors import InputError
from hdvg.sources.panda70m import read_panda70m
from hdvg.sources.source_video import Span

HEADER = [
    "videoID",
    "url",
    "timestamp",
    "caption",
    "matching_score",
    "desirable_filtering",
    "shot_boundary_detection",
]
ID = "--zjTEcwBZ0"


def _write(path, *rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])
    return path


def _row(timestamp, caption, video_id=ID):
    url = f"https://www.youtube.com/watch?v={video_id}"
    return [video_id, url, timestamp, caption, "[0.4]", "['desirable']", "[[]]"]


def test_python_literals_are_read(tmp_path):
    times = "[['0:00:10.000', '0:00:15.500'], ['0:01:00.250', '0:01:02.000']]"
    row = _row(times, """['a man, "he said"', "it's"]""")
    [video] = read_panda70m(_write(tmp_path / "x.csv", row))
    assert video.video_id == ID
    assert video.spans == (
        Span(start_s=10.0, end_s=15.5, caption='a man, "he said"'),
        Span(start_s=60.25, end_s=62.0, caption="it's"),
    )


@pytest.mark.parametrize(
    ("timestamp", "caption", "reason"),
    [
        ("__import__('os').system('touch pwned')", "['x']", "not a Python literal"),
        ("[['0:00:01', '0:00:02']]", "[x for x in 'ab']", "not a Python literal"),
        ("(" * 5000, "['x']", "not a Python literal"),
        ("['0:00:01', '0:00:02']", "['x', 'y']", "not a pair"),
        ("[['0:00:01', '0:00:02']]", "['x', 'y']", "not as many captions"),
        ("[['0:00:01', '0:00:02']]", "[7]", "not a text"),
        ("7", "['x']", "something else"),
        ("[" + "1," * 600_000 + "]", "['x']", "too long"),
    ],
)
def test_bad_rows_run_nothing_and_are_counted(tmp_path, monkeypatch, timestamp, caption, reason):
    monkeypatch.chdir(tmp_path)
    good = _row("[['0:00:01', '0:00:02']]", "['x']", "AAAAAAAAAAA")
    skipped, video = read_panda70m(_write(tmp_path / "x.csv", _row(timestamp, caption), good))
    assert reason in skipped.reason
    assert skipped.where == "line 2"
    assert video.video_id == "AAAAAAAAAAA"
    assert not (tmp_path / "pwned").exists()


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("videoID,url\n")
    with pytest.raises(InputError, match="timestamp, caption"):
        list(read_panda70m(path))
