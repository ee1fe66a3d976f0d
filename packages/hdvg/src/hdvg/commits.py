"""The commit protocol: a unit's files first, its commit last; readers trust only what is committed.

A commit is `commits/<stage>/<unit>.json`. Stages ("build", "captions.<family>", ...) commit apart,
so that a later pass can be redone without touching media. Wall-clock facts live here and nowhere
else: the tables of an interrupted build are the same bytes as those of an undisturbed one.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from hdvg.errors import InputError
from hdvg.storage import FileRecord, Storage, check_name

COMMIT_VERSION = 1
# The stage that makes clips; all others work on what it has committed.
BUILD = "build"


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What a stage vouches for in one unit."""

    stage: str
    """Which stage wrote the files."""
    unit: str
    """Which unit of the plan they belong to."""
    files: tuple[FileRecord, ...]
    """Every file of the unit and stage, with size and digest."""
    rows: dict[str, int]
    """Row counts by table."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What the rows depend on beside the dataset, such as a model; empty for the build, whose
    settings are in dataset.json."""
    inputs: dict[str, str] = field(default_factory=dict)
    """Digests of the dataset's files that the rows were made from, by name; empty for the build."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds by step; free to differ from run to run."""


def commit_unit(storage: Storage, commit: Commit) -> FileRecord:
    """Declares a unit done. Call it last, when every file it names stands under its name."""
    body = {"schema_version": COMMIT_VERSION, **asdict(commit)}
    content = json.dumps(body, indent=1, sort_keys=True).encode()
    return storage.write_bytes(_file_of(commit.stage, commit.unit), content)


def is_committed(storage: Storage, stage: str, unit: str) -> bool:
    """Whether the stage has finished the unit."""
    return storage.exists(_file_of(stage, unit))


def committed_units(storage: Storage, stage: str) -> list[str]:
    """The finished units of a stage, sorted."""
    check_name(stage, "a stage")
    return [name.removesuffix(".json") for name in storage.list_files(f"commits/{stage}", ".json")]


def read_commit(storage: Storage, stage: str, unit: str) -> Commit:
    """Reads one commit.

    Raises:
        InputError: It is missing, is not a commit, or was written by a newer version.
    """
    name = _file_of(stage, unit)
    try:
        body = json.loads(storage.read_bytes(name))
        version = body.pop("schema_version")
        if version != COMMIT_VERSION:
            raise InputError(
                f"{storage.root}/{name} has schema version {version}, this is {COMMIT_VERSION}"
            )
        body["files"] = tuple(FileRecord(**record) for record in body["files"])
        return Commit(**body)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"not a commit: {storage.root}/{name} ({error!r})") from error


def find_damage(storage: Storage, commit: Commit, *, deep: bool = False) -> list[str]:
    """Compares a commit with the files that stand there.

    Args:
        storage: The dataset.
        commit: What was promised.
        deep: Read and hash every file, rather than compare sizes only.

    Returns:
        One line per missing or changed file; empty when all is well.
    """
    damage = []
    for record in commit.files:
        if not storage.exists(record.name):
            damage.append(f"{record.name}: missing")
        elif (size := storage.size(record.name)) != record.nbytes:
            damage.append(f"{record.name}: {size} bytes, committed {record.nbytes}")
        elif deep and storage.digest(record.name) != record.sha256:
            damage.append(f"{record.name}: content differs from its committed sha256")
    return damage


def _file_of(stage: str, unit: str) -> str:
    return f"commits/{check_name(stage, 'a stage')}/{check_name(unit, 'a unit')}.json"
