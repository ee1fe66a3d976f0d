"""Commits the rows of a column family for one unit, new or in the place of older ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hdvg.commits import Commit, commit_unit, is_committed, read_commit
from hdvg.manifest import table_file, write_rows
from hdvg.revise import replace_commit, revision_stem
from hdvg.storage import Storage

Row = dict[str, Any]


def is_current(
    commit: Commit | None, settings: Mapping[str, Any], inputs: Mapping[str, str]
) -> bool:
    """Whether a unit's rows are there, made in this way and from these files."""
    return (
        commit is not None and commit.settings == dict(settings) and commit.inputs == dict(inputs)
    )


def inputs_of(build: Commit, *prefixes: str) -> dict[str, str]:
    """Digests of the files of a unit that the build has committed, by name.

    Args:
        build: The build's commit of the unit.
        *prefixes: Only files whose name begins with one of these.
    """
    return {r.name: r.sha256 for r in build.files if r.name.startswith(prefixes)}


def commit_family(
    storage: Storage, table: str, family: str, rows: list[Row], commit: Commit
) -> None:
    """Writes the rows of a unit and commits them; rows that are there already are replaced.

    Args:
        storage: The dataset, claimed by this process or by the one that it works for.
        table: A key of `manifest.TABLES`.
        family: Which caption family; only for "captions".
        rows: In the order of the clips.
        commit: What is to be committed but for its files and row counts.
    """
    old, stem = None, commit.unit
    if is_committed(storage, commit.stage, commit.unit):
        old = read_commit(storage, commit.stage, commit.unit)
        stem = revision_stem(old)
    record = write_rows(storage, table, table_file(table, stem, family), rows)
    new = replace(commit, files=(record,), rows={table: len(rows)})
    if old is None:
        commit_unit(storage, new)
    else:
        replace_commit(storage, old, new)
