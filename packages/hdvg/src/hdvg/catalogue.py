"""What a dataset holds, by its commits: which files count, and the tables in them as one.

Commits are read once, when a catalogue is made. Which file holds a unit's table is what the unit's
commit says and is never guessed from the unit's name, because a revised unit has other files.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal

import pyarrow as pa

from hdvg.commits import Commit, committed_units, find_damage, read_commit
from hdvg.errors import InputError
from hdvg.manifest import TABLES, read_table
from hdvg.storage import FileRecord, Storage

# A commit is one small object; on object stores the wait for each is what takes time.
_READERS_AT_A_TIME = 16
FamilyKind = Literal["captions", "scores", "latents"]


class Catalogue:
    """The committed content of a dataset, as it was when the catalogue was made.

    Args:
        storage: The dataset.

    Attributes:
        storage: The dataset.
        commits: Every commit, by stage and unit, both sorted.
    """

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        keys = [
            (stage, unit)
            for stage in storage.list_folders("commits")
            for unit in committed_units(storage, stage)
        ]
        if storage.is_local or len(keys) < 2:
            found = [read_commit(storage, *key) for key in keys]
        else:
            with ThreadPoolExecutor(_READERS_AT_A_TIME) as pool:
                found = list(pool.map(lambda key: read_commit(storage, *key), keys))
        self.commits: dict[str, dict[str, Commit]] = {}
        for (stage, unit), commit in zip(keys, found, strict=True):
            self.commits.setdefault(stage, {})[unit] = commit

    def units(self, stage: str) -> list[str]:
        """The units that a stage has committed, sorted."""
        return list(self.commits.get(stage, {}))

    def find(self, stage: str, unit: str) -> Commit | None:
        """A stage's commit of a unit; None if there is none."""
        return self.commits.get(stage, {}).get(unit)

    def files(self, prefix: str = "", unit: str | None = None) -> list[str]:
        """Names of the committed files that begin with `prefix`, by stage and unit.

        Args:
            prefix: A folder with its "/"; "" for all.
            unit: Which unit; None for all.
        """
        return [record.name for record in self._records(prefix, unit)]

    def drop_damaged(self, prefixes: tuple[str, ...]) -> dict[str, str]:
        """Forgets the units whose files are missing or not those that were committed.

        Args:
            prefixes: Which files to look at: those whose names begin with one of these. They are
                read whole.

        Returns:
            What was found first in each unit that is now forgotten.
        """
        found: dict[str, str] = {}
        for commit in self._commits_of(None):
            asked = tuple(record for record in commit.files if record.name.startswith(prefixes))
            damage = find_damage(self.storage, replace(commit, files=asked), deep=True)
            if damage:
                found.setdefault(commit.unit, damage[0])
        for units in self.commits.values():
            for unit in found:
                units.pop(unit, None)
        return found

    def table(self, name: str, unit: str | None = None) -> pa.Table:
        """A table over all committed units, or of one unit; in the order of the units.

        Args:
            name: A key of `manifest.TABLES` other than "units", "captions" and "latents".
            unit: Which unit; None for all.
        """
        return self._read(name, self._records(f"{name.replace('.', '/')}/", unit))

    def families(self, kind: FamilyKind) -> list[str]:
        """Sorted names of the committed column families of a kind."""
        return sorted({name.split("/")[1] for name in self.files(f"{kind}/")})

    def family(self, kind: FamilyKind, name: str, unit: str | None = None) -> pa.Table:
        """A column family over all committed units, or of one unit.

        Raises:
            InputError: There is no such family; the message names those that there are.
        """
        if name not in self.families(kind):
            known = ", ".join(self.families(kind)) or "none"
            root = self.storage.root
            raise InputError(f"{root} has no {_WORDS[kind]} family {name!r}; it has: {known}")
        table = f"scores.{name}" if kind == "scores" else kind
        records = self._records(f"{kind}/{name}/", unit)
        return self._read(table, [one for one in records if one.name.endswith(".parquet")])

    def _records(self, prefix: str, unit: str | None) -> list[FileRecord]:
        return [
            record
            for commit in self._commits_of(unit)
            for record in commit.files
            if record.name.startswith(prefix)
        ]

    def _commits_of(self, unit: str | None) -> Iterator[Commit]:
        for stage, units in self.commits.items():
            if unit is None:
                yield from units.values()
            elif commit := self.find(stage, unit):
                yield commit

    def _read(self, table: str, records: list[FileRecord]) -> pa.Table:
        in_order = sorted(records, key=lambda record: record.name)
        parts = [read_table(self.storage, table, record.name, record.sha256) for record in in_order]
        return pa.concat_tables(parts) if parts else TABLES[table].empty_table()


_WORDS = {"captions": "caption", "scores": "score", "latents": "latent"}
