"""Votes in SQLite: many raters at once, and what was acknowledged survives a killed process."""

import json
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hdvg.errors import InputError
from vfmodel.study.answers import Answer, AnswerFile, as_sent, parse_answer

_SCHEMA = """
CREATE TABLE IF NOT EXISTS study (study_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS raters (
    rater TEXT PRIMARY KEY, sheet INTEGER NOT NULL,
    joined_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS votes (
    rater TEXT NOT NULL REFERENCES raters, position INTEGER NOT NULL, shown_left TEXT NOT NULL,
    shown_right TEXT NOT NULL, answer TEXT NOT NULL, revisions INTEGER NOT NULL DEFAULT 0,
    saved_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    PRIMARY KEY (rater, position)
) WITHOUT ROWID;
"""
_SAVE = """
INSERT INTO votes (rater, position, shown_left, shown_right, answer) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (rater, position) DO UPDATE SET answer = excluded.answer, revisions = revisions + 1,
    saved_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
"""
_WAIT_S = 30.0


class FullError(Exception):
    """No more raters are let in."""


@dataclass(frozen=True, kw_only=True)
class ShownAnswer:
    """An answer with what the rater saw.

    Attributes:
        answer: What was said.
        left: Name of the clip on the left.
        right: Name of the clip on the right.
    """

    answer: Answer
    left: str
    right: str


class VoteStore:
    """The database of one study; may be used by several threads and several processes.

    One connection with a lock is enough: a vote takes well under a millisecond, beside the wait for
    the disk. The write-ahead log lets an analysis read while votes come in, and
    `synchronous = FULL` puts every commit on the disk before it is acknowledged.
    """

    def __init__(self, path: Path, study_id: str) -> None:
        """Opens or makes the database.

        Raises:
            InputError: Not a database, or one of another study.
        """
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=_WAIT_S, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(_SCHEMA)
            with self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                found = connection.execute("SELECT study_id FROM study").fetchone()
                if found is None:
                    connection.execute("INSERT INTO study VALUES (?)", (study_id,))
        except sqlite3.Error as error:
            raise InputError(f"cannot open {path}: {error}") from error
        if found is not None and found[0] != study_id:
            self.close()
            raise InputError(f"{path} has votes on another study: {found[0]}")

    def close(self) -> None:
        """Ends the connection."""
        self._connection.close()

    def add_rater(self, rater: str, num_sheets: int, max_raters: int) -> int:
        """Writes a rater down and gives out the sheet that fewest have.

        Returns:
            The sheet's number.

        Raises:
            FullError: `max_raters` have been let in.
        """
        with self._lock, self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            taken = connection.execute("SELECT sheet, COUNT(*) FROM raters GROUP BY sheet")
            counts = dict.fromkeys(range(num_sheets), 0) | dict(taken.fetchall())
            if sum(counts.values()) >= max_raters:
                raise FullError
            sheet = min(range(num_sheets), key=lambda number: (counts[number], number))
            connection.execute("INSERT INTO raters (rater, sheet) VALUES (?, ?)", (rater, sheet))
        return sheet

    def save(self, rater: str, shown: Iterable[ShownAnswer]) -> None:
        """Keeps answers, all or none; a later answer to a trial takes the place of the earlier.

        Raises:
            InputError: A rater who never joined.
        """
        rows = [
            (rater, each.answer.position, each.left, each.right, json.dumps(as_sent(each.answer)))
            for each in shown
        ]
        try:
            with self._lock, self._connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(_SAVE, rows)
        except sqlite3.IntegrityError as error:
            raise InputError(f"no such rater: {rater}") from error

    def read(self, sheet_lengths: list[int]) -> list[AnswerFile]:
        """All raters who answered anything, with their answers in the order of their sheets."""
        with self._lock:
            rows = self._connection.execute(
                "SELECT rater, sheet, answer FROM votes JOIN raters USING (rater)"
                " ORDER BY joined_at, rater, position"
            ).fetchall()
        answers: dict[tuple[str, int], list[Answer]] = {}
        for rater, sheet, answer in rows:
            parsed = parse_answer(json.loads(answer), sheet_lengths[sheet])
            answers.setdefault((rater, sheet), []).append(parsed)
        return [
            AnswerFile(rater=rater, sheet=sheet, answers=tuple(each))
            for (rater, sheet), each in answers.items()
        ]

    def count(self) -> tuple[int, int]:
        """Raters who joined, and votes."""
        with self._lock:
            [raters] = self._connection.execute("SELECT COUNT(*) FROM raters").fetchone()
            [votes] = self._connection.execute("SELECT COUNT(*) FROM votes").fetchone()
        return raters, votes
