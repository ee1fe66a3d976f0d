"""Many writers at once, sudden death, and another study's database."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading

import pytest

from hdvg.errors import InputError
from vfmodel.study.answers import Answer
from vfmodel.study.vote_store import FullError, ShownAnswer, VoteStore

CHOICES = {"quality": "left", "text": "tie", "overall": "right"}


def shown(position, choices=CHOICES, seconds=1.0):
    answer = Answer(position=position, choices=choices, seconds=seconds)
    return ShownAnswer(answer=answer, left="x", right="y")


def test_answers_come_back_and_the_last_one_counts(tmp_path):
    store = VoteStore(tmp_path / "v.sqlite", "s")
    sheet = store.add_rater("a", 3, 10)
    store.save("a", [shown(1), shown(0)])
    other = CHOICES | {"text": "left"}
    store.save("a", [shown(1, other)])
    store.save("a", [shown(2, None)])
    [answers] = store.read([3, 3, 3])
    assert (answers.rater, answers.sheet) == ("a", sheet)
    assert [(a.position, a.choices) for a in answers.answers] == [
        (0, CHOICES),
        (1, other),
        (2, None),
    ]
    assert store.count() == (1, 3)
    store.close()


def test_sheets_go_to_as_many_raters_each_and_then_it_is_full(tmp_path):
    store = VoteStore(tmp_path / "v.sqlite", "s")
    sheets = [store.add_rater(f"r{number}", 3, 7) for number in range(7)]
    assert sheets == [0, 1, 2, 0, 1, 2, 0]
    with pytest.raises(FullError):
        store.add_rater("late", 3, 7)
    assert store.count() == (7, 0)


def test_a_rater_who_never_joined_is_refused(tmp_path):
    store = VoteStore(tmp_path / "v.sqlite", "s")
    with pytest.raises(InputError, match="no such rater: ghost"):
        store.save("ghost", [shown(0)])
    assert store.count() == (0, 0)


def test_many_threads_and_two_connections_lose_nothing(tmp_path):
    stores = [VoteStore(tmp_path / "v.sqlite", "s") for _ in range(2)]
    failures = []

    def vote(number):
        try:
            store = stores[number % 2]
            store.add_rater(f"r{number}", 5, 1000)
            for position in range(10):
                store.save(f"r{number}", [shown(position)])
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=vote, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stores[0].count() == (16, 160)
    per_sheet = [sum(a.sheet == s for a in stores[1].read([10] * 5)) for s in range(5)]
    assert sorted(per_sheet) == [3, 3, 3, 3, 4]


def test_what_was_acknowledged_survives_a_killed_process(tmp_path):
    path = tmp_path / "v.sqlite"
    code = (
        "import sys; from pathlib import Path\n"
        "from vfmodel.study.answers import Answer\n"
        "from vfmodel.study.vote_store import ShownAnswer, VoteStore\n"
        f"store = VoteStore(Path({str(path)!r}), 's')\n"
        "store.add_rater('a', 1, 10)\n"
        "for position in range(100_000):\n"
        "    answer = Answer(position=position, choices=None, seconds=1.0)\n"
        "    store.save('a', [ShownAnswer(answer=answer, left='x', right='y')])\n"
        "    print(position, flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        acknowledged = -1
        while acknowledged < 30:
            acknowledged = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
    acknowledged = int(rest[-1]) if rest else acknowledged
    store = VoteStore(path, "s")
    [answers] = store.read([100_000])
    assert [a.position for a in answers.answers][: acknowledged + 1] == list(
        range(acknowledged + 1)
    )
    assert len(answers.answers) <= acknowledged + 2
    store.save("a", [shown(99_999)])
    store.close()


def test_it_commits_to_the_disk_through_a_write_ahead_log(tmp_path):
    store = VoteStore(tmp_path / "v.sqlite", "s")
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    store.close()


def test_other_databases_are_refused_by_name(tmp_path):
    VoteStore(tmp_path / "v.sqlite", "s").close()
    with pytest.raises(InputError, match="votes on another study: s"):
        VoteStore(tmp_path / "v.sqlite", "t")
    (tmp_path / "junk.sqlite").write_bytes(b"junk" * 1000)
    with pytest.raises(InputError, match=r"junk\.sqlite"):
        VoteStore(tmp_path / "junk.sqlite", "t")
    with sqlite3.connect(tmp_path / "v.sqlite") as connection:
        assert connection.execute("SELECT study_id FROM study").fetchall() == [("s",)]
    connection.close()
