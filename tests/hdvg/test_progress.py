import io

from rich.console import Console

from hdvg.progress import Tally, View, describe, format_eta


def _row(fail_class=None, num_clips=0):
    return {
        "status": "failed" if fail_class else "ok",
        "fail_class": fail_class,
        "num_clips": num_clips,
    }


def _tally():
    tally = Tally(total=6)
    for row in (_row(num_clips=3), _row("corrupt"), _row("content"), _row("content")):
        tally.add(row)
    return tally


def test_tally_counts_clips_and_failures_by_class():
    tally = _tally()
    assert (tally.num_done, tally.num_clips) == (4, 3)
    assert describe(tally) == "3 clips, 3 failed (content 2, corrupt 1)"
    assert describe(Tally(total=1)) == "0 clips, 0 failed"


def test_eta_follows_the_pace():
    assert format_eta(10.0, 0, 5) == "-:--"
    assert format_eta(10.0, 2, 5) == "0:15"
    assert format_eta(600.0, 1, 3) == "20:00"
    assert format_eta(9.0, 5, 5) == "0:00"


def test_a_log_gets_plain_lines_and_not_too_many():
    log = io.StringIO()
    with View("build", 6, Console(file=log)) as view:
        for done in (*range(7), 6, 6):  # the end is told once, however often it is polled
            view.update(done, describe(_tally()))
    words = "3 clips, 3 failed (content 2, corrupt 1)"
    assert log.getvalue().splitlines() == [
        f"build: 0/6 videos, {words}, ETA -:--",
        f"build: 6/6 videos, {words}, ETA 0:00",
    ]


def test_a_terminal_gets_a_live_line():
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    with View("build", 6, console) as view:
        view.update(4, describe(_tally()))
    assert "4/6" in screen.getvalue()
    assert "3 failed (content 2, corrupt 1)" in screen.getvalue()


def test_nothing_is_shown_of_work_that_was_done_before():
    log = io.StringIO()
    with View("build", 6, Console(file=log)):
        pass
    assert log.getvalue() == ""


def test_the_log_counts_what_it_is_told_to():
    log = io.StringIO()
    with View("hdvg caption", 3, Console(file=log), noun="clips") as view:
        view.update(3)
    assert log.getvalue().startswith("hdvg caption: 3/3 clips, ETA")
