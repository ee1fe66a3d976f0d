import io

from rich.console import Console

from hdvg.progress import View
from hdvg.tally import Tally

PACE = "8.0 videos/min, 2.0 s of video a second"


def _tally(num_done=4, **changes):
    given = {"num_clips": 3, "source_s": num_done * 15.0, "elapsed_s": num_done * 7.5} | changes
    return Tally(total=6, num_done=num_done, **given)


def test_a_log_gets_plain_lines_and_not_too_many():
    log = io.StringIO()
    with View("build", 6, Console(file=log)) as view:
        for done in (*range(7), 6, 6):  # the end is told once, however often it is polled
            view.follow(_tally(done, at_work={"v1": 3.0}))
    assert log.getvalue().splitlines() == [
        "build: 0/6 videos, 3 clips, 0 failed, ETA -:--",
        f"build: 6/6 videos, 3 clips, 0 failed, {PACE}, ETA 0:00",
    ]


def test_other_work_is_counted_in_its_own_words():
    log = io.StringIO()
    with View("export", 2, Console(file=log), noun="clips") as view:
        view.update(0, "opening")
        view.update(2)
    assert log.getvalue().splitlines() == [
        "export: 0/2 clips, opening, ETA -:--",
        "export: 2/2 clips, ETA 0:00",
    ]


def test_a_terminal_gets_live_lines_with_what_is_worked_on():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with View("build", 6, console) as view:
        view.follow(_tally(at_work={"v7": 65.0}))
    shown = screen.getvalue()
    for words in ("4/6", "ETA 0:15", "3 clips, 0 failed", PACE, "at work: v7 1:05"):
        assert words in shown


def test_nothing_is_shown_of_work_that_was_done_before():
    for terminal in (False, True):
        screen = io.StringIO()
        with View("build", 6, Console(file=screen, force_terminal=terminal)):
            pass
        assert screen.getvalue() == ""
