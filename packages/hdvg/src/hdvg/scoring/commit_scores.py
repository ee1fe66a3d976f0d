"""Commits the rows of a score family for one unit, new or in the place of older ones."""

from collections.abc import Mapping
from typing import Any

from hdvg.commits import BUILD, Commit, commit_unit, is_committed, read_commit
from hdvg.manifest import table_file, write_rows
from hdvg.revise import replace_commit, revision_stem
from hdvg.storage import Storage

Row = dict[str, Any]


def stage_of(family: str) -> str:
    """The stage that commits a family."""
    return f"scores.{family}"


def is_scored(
    storage: Storage, family: str, unit: str, settings: Mapping[str, Any], inputs: Mapping[str, str]
) -> bool:
    """Whether a unit's scores are there, made in this way and from these files."""
    if not is_committed(storage, stage_of(family), unit):
        return False
    commit = read_commit(storage, stage_of(family), unit)
    return commit.settings == dict(settings) and commit.inputs == dict(inputs)


def inputs_of(storage: Storage, unit: str, *prefixes: str) -> dict[str, str]:
    """Digests of the files of a unit that the build has committed, by name.

    Args:
        storage: The dataset.
        unit: A committed unit.
        *prefixes: Only files whose name begins with one of these.
    """
    files = read_commit(storage, BUILD, unit).files
    return {record.name: record.sha256 for record in files if record.name.startswith(prefixes)}


def commit_scores(storage: Storage, family: str, rows: list[Row], commit: Commit) -> None:
    """Writes the rows of a unit and commits them; scores that are there already are replaced.

    Args:
        storage: The dataset, claimed by this process or by the one that it works for.
        family: A key of `manifest.SCORES`.
        rows: One a clip, in the order of the clips.
        commit: What is to be committed but for its files and row counts.
    """
    table, stage = stage_of(family), stage_of(family)
    name = table_file(table, commit.unit)
    old = None
    if is_committed(storage, stage, commit.unit):
        old = read_commit(storage, stage, commit.unit)
        name = table_file(table, revision_stem(old))
    record = write_rows(storage, table, name, rows)
    new = Commit(
        stage=stage,
        unit=commit.unit,
        files=(record,),
        rows={table: len(rows)},
        settings=commit.settings,
        inputs=commit.inputs,
        timings=commit.timings,
    )
    if old is None:
        commit_unit(storage, new)
    else:
        replace_commit(storage, old, new)
