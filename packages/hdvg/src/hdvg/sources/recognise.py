"""Which kind of source a path is: said before a colon, or seen in its content."""

import json
import re
from pathlib import Path
from typing import Any

import ijson

from hdvg.dataset_folder import DATASET_FILE
from hdvg.errors import InputError
from hdvg.sources import panda70m, ucf101, webvid
from hdvg.sources.local_folder import VIDEO_SUFFIXES
from hdvg.sources.rows import MAX_ROW_CHARS

FOLDER_KINDS = ("folder", "ucf101", "dataset")
KINDS = (*FOLDER_KINDS, "file", "list", "hdvila", "hdvg130m", "panda70m", "webvid", "msrvtt")
_PREFIX = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(?!//)(.+)")


def split_kind(source: str) -> tuple[str, str]:
    """Kind and path of a source as the user gives it: "<kind>:<path>" or a bare path.

    Raises:
        InputError: Nothing there, an unknown kind, or a file whose content fits several or none.
    """
    match = _PREFIX.fullmatch(source)
    if match is not None and not Path(source).exists():
        kind, where = match.groups()
        if kind not in KINDS:
            known = ", ".join(KINDS)
            raise InputError(f"unknown kind of source {kind!r} in {source}; known: {known}")
    else:
        kind, where = "", source
    path = Path(where)
    if kind == "dataset" and "://" in where:
        return kind, where
    if not path.exists():
        raise InputError(f"source not found: {where} (neither a folder nor a file)")
    if kind and path.is_dir() != (kind in FOLDER_KINDS):
        needs = "a folder" if kind in FOLDER_KINDS else "a file"
        raise InputError(f"a source of the kind {kind} is {needs}, got {where}")
    return kind or _recognise(path), where


def _recognise(path: Path) -> str:
    if path.is_dir():
        return _recognise_folder(path)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return "file"
    start = _start(path)
    if start.lstrip()[:1] == "{":
        return _recognise_json(path, start)
    columns = {name.strip().strip('"') for name in start.split("\n", 1)[0].split(",")}
    if columns >= set(webvid.COLUMNS):
        return "webvid"
    if columns >= set(panda70m.COLUMNS):
        return "panda70m"
    return "list"


def _recognise_folder(path: Path) -> str:
    if (path / DATASET_FILE).is_file():
        return "dataset"
    inside = (entry for folder in path.iterdir() if folder.is_dir() for entry in folder.iterdir())
    files = [entry for entry in inside if entry.suffix.lower() in VIDEO_SUFFIXES]
    return "ucf101" if files and all(ucf101.NAME.fullmatch(f.stem) for f in files) else "folder"


def _recognise_json(path: Path, start: str) -> str:
    try:
        row = json.loads(start.strip().split("\n", 1)[0])
        if isinstance(row, dict) and "video_id" in row and "clip" in row:
            return "hdvila"
    except (ValueError, RecursionError):
        pass  # an object over several lines
    first = _first_member(path)
    if first is not None and first[0] in ("info", "videos", "sentences"):
        return "msrvtt"
    if first is not None and isinstance(first[1], dict) and "clip" in first[1]:
        return "hdvg130m"
    raise InputError(
        f"cannot tell what the JSON file {path} is; put its kind in front:"
        " hdvila:, hdvg130m: or msrvtt:"
    )


def _first_member(path: Path) -> tuple[str, Any] | None:
    with path.open("rb") as file:
        try:
            members: Any = ijson.kvitems(file, "")
            return next(members, None)
        except (ijson.JSONError, UnicodeDecodeError):
            return None


def _start(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MAX_ROW_CHARS).decode("utf-8-sig", errors="replace")
