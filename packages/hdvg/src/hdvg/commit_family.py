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


def next_stem(storage: Storage, stage: str, unit: str) -> str:
    """What the files that a stage is about to commit of a unit are called, without suffix."""
    old = _find(storage, stage, unit)
    return unit if old is None else revision_stem(old)


def commit_family(
    storage: Storage, table: str, family: str, rows: list[Row], commit: Commit
) -> None:
    """Writes the rows of a unit and commits them; what is there already is replaced.

    Args:
        storage: The dataset, claimed by this process or by the one that it works for.
        table: A key of `manifest.TABLES`.
        family: Which family; only for "captions" and "latents".
        rows: In the order of the clips.
        commit: What is to be committed but for the table and its row count; files that it names are
            there already, under the unit's next stem.
    """
    old = _find(storage, commit.stage, commit.unit)
    name = table_file(table, next_stem(storage, commit.stage, commit.unit), family)
    record = write_rows(storage, table, name, rows)
    new = replace(commit, files=(*commit.files, record), rows={table: len(rows)})
    if old is None:
        commit_unit(storage, new)
    else:
        replace_commit(storage, old, new)


def _find(storage: Storage, stage: str, unit: str) -> Commit | None:
    return read_commit(storage, stage, unit) if is_committed(storage, stage, unit) else None
