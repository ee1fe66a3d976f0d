"""dataset.json: what makes a folder a dataset, and what it was built from."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from hdvg.storage import Storage

DATASET_FILE = "dataset.json"
FORMAT = "hdvg-dataset"
FOLDER_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """The content of dataset.json."""

    sources: tuple[str, ...]
    """What the videos were taken from, as the user gave it."""
    config_hash: str
    """Digest of every setting that alters the data."""
    config: dict[str, Any] = field(default_factory=dict)
    """Those settings."""
    schema_version: int = FOLDER_VERSION
    """Version of the folder's layout."""


def hash_config(config: Mapping[str, Any]) -> str:
    """Digest of settings: equal for equal values, whatever their order."""
    canonical = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def create_dataset(
    root: str | os.PathLike[str], *, sources: Sequence[str], config: Mapping[str, Any]
) -> Storage:
    """Makes a dataset folder, or opens the one that the same sources and settings made.

    Args:
        root: A folder or an fsspec URL.
        sources: What the videos are taken from.
        config: Every setting that alters the data, as plain JSON values.

    Raises:
        InputError: The folder holds something else, or a dataset of other sources or settings.
    """
    storage = Storage(root)
    settings = json.loads(json.dumps(dict(config), sort_keys=True))
    wanted = DatasetInfo(sources=tuple(sources), config_hash=hash_config(settings), config=settings)
    if storage.exists(DATASET_FILE):
        _check_same(storage, _read_info(storage), wanted)
        return storage
    _check_empty(storage)
    body = {"format": FORMAT, **asdict(wanted)}
    storage.write_bytes(DATASET_FILE, json.dumps(body, indent=1, sort_keys=True).encode())
    return storage


def open_dataset(root: str | os.PathLike[str]) -> tuple[Storage, DatasetInfo]:
    """Opens a dataset for reading.

    Raises:
        InputError: There is no such folder, or it is not a dataset, or of a newer version.
    """
    storage = Storage(root)
    if not storage.exists(DATASET_FILE):
        if storage.is_local and not Path(storage.root).exists():
            raise InputError(f"dataset folder not found: {os.fspath(root)}")
        raise InputError(f"not a dataset (it has no {DATASET_FILE}): {os.fspath(root)}")
    return storage, _read_info(storage)


def _read_info(storage: Storage) -> DatasetInfo:
    where = f"{storage.root}/{DATASET_FILE}"
    try:
        body = json.loads(storage.read_bytes(DATASET_FILE))
        if body.pop("format") != FORMAT:
            raise InputError(f"not a dataset description: {where}")
        version = body["schema_version"]
        if version != FOLDER_VERSION:
            raise InputError(f"{where} has schema version {version}, this is {FOLDER_VERSION}")
        body["sources"] = tuple(body["sources"])
        return DatasetInfo(**body)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"not a dataset description: {where} ({error!r})") from error


def _check_same(storage: Storage, found: DatasetInfo, wanted: DatasetInfo) -> None:
    if found.sources != wanted.sources:
        raise InputError(
            f"{storage.root} was built from {', '.join(found.sources)}, not from"
            f" {', '.join(wanted.sources)}; give another folder"
        )
    if found.config_hash != wanted.config_hash:
        old, new = _flatten(found.config), _flatten(wanted.config)
        changed = [
            f"{key} (was {old.get(key)!r}, now {new.get(key)!r})"
            for key in sorted(old.keys() | new.keys())
            if old.get(key) != new.get(key)
        ]
        raise InputError(
            f"{storage.root} was built with other settings: {', '.join(changed)};"
            " give another folder or the old settings"
        )


def _check_empty(storage: Storage) -> None:
    if not storage.is_local:
        return
    root = Path(storage.root)
    if root.exists() and not root.is_dir():
        raise InputError(f"not a folder: {root}")
    # Hidden files are a lock or a dead writer's leftovers, never somebody's work.
    strangers = [p.name for p in root.iterdir() if p.name[0] != "."] if root.is_dir() else []
    if strangers:
        raise InputError(f"{root} is not a dataset and not empty: it holds {min(strangers)!r}")


def _flatten(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= _flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
