"""Progress: lines that a program reads, and a bar that only a terminal gets."""

import json

import pytest

from vfsr import upscale_progress
from vfsr.upscale_progress import progress_bar, progress_lines


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now_s = 100.0

        def monotonic(self):
            return self.now_s

    clock = Clock()
    monkeypatch.setattr(upscale_progress, "time", clock)
    return clock


def test_lines_say_how_fast_and_how_long(clock, capsys):
    with progress_lines() as named:
        on_frame = named("a.mp4")
        for done in range(481, 501):  # resumed after 480
            clock.now_s += 0.25
            on_frame(done, 600)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["frames"] for line in lines] == [484, 488, 492, 496, 500]
    assert lines[-1] == {
        "event": "progress",
        "source": "a.mp4",
        "frames": 500,
        "total": 600,
        "frames_per_s": 4.0,
        "left_s": 25.0,
    }


def test_without_a_total_there_is_no_time_left(clock, capsys):
    with progress_lines() as named:
        on_frame = named("a.mp4")
        clock.now_s += 2
        on_frame(1, None)
    line = json.loads(capsys.readouterr().out)
    assert (line["total"], line["left_s"]) == (None, None)


def test_a_bar_shows_count_rate_and_time(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar() as named:
        on_frame = named("1/2 a [film].mp4")
        for done in range(1, 5):
            on_frame(done, 8)
    err = capsys.readouterr().err
    assert "1/2 a [film].mp4" in err
    assert "4/8" in err
    assert "frames/s" in err


def test_no_bar_without_a_terminal(capsys):
    with progress_bar() as named:
        named("a.mp4")(1, 2)
    assert capsys.readouterr() == ("", "")
