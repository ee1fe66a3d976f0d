"""Captions one committed unit from its keyframes, and commits the captions.

The row identity rests on one thing: a batch is a list of (clip id, picture), and its sentences are
zipped with that same list.
"""

import io
import tarfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from hdvg.captioning.captioner import Captioner
from hdvg.commits import BUILD, Commit, commit_unit, is_committed, read_commit
from hdvg.manifest import read_table, table_file, write_rows
from hdvg.storage import FileRecord, Storage

Row = dict[str, Any]
Pictured = tuple[str, Image.Image]


@dataclass(frozen=True, kw_only=True)
class Family:
    """A caption family that is being made.

    Attributes:
        name: Its name in the dataset.
        source: What the `source` column says.
        settings: What its captions depend on, for the commits.
    """

    name: str
    source: str
    settings: dict[str, Any]

    @property
    def stage(self) -> str:
        """The stage that commits it."""
        return f"captions.{self.name}"


def is_captioned(storage: Storage, family: Family, unit: str) -> bool:
    """Whether the unit's captions are there and made from the clips that it has now."""
    if not is_committed(storage, family.stage, unit):
        return False
    made_from = read_commit(storage, family.stage, unit).inputs
    return made_from == _inputs(read_commit(storage, BUILD, unit))


def caption_unit(
    storage: Storage, unit: str, family: Family, captioner: Captioner, batch_size: int
) -> dict[str, int]:
    """Captions the clips of a unit that the family lacks, and commits.

    A keyframe that cannot be decoded leaves its clip out of the family.

    Args:
        storage: The dataset.
        unit: A unit that the build has committed.
        family: Where the captions go.
        captioner: Who makes them.
        batch_size: Pictures that are handed over at a time.

    Returns:
        Counts: "captioned" now, "kept" from before, "unreadable" keyframes.
    """
    started_s = time.monotonic()
    build = read_commit(storage, BUILD, unit)
    clip_ids = [
        clip_id
        for name in _names(build, "clips/")
        for clip_id in read_table(storage, "clips", name)["clip_id"].to_pylist()
    ]
    before = _read_captions(storage, family, unit)
    kept = {clip_id: row for clip_id, row in before.items() if clip_id in set(clip_ids)}
    missing = [clip_id for clip_id in clip_ids if clip_id not in kept]
    made: dict[str, Row] = {}
    with ThreadPoolExecutor(1) as pool:
        for batch in _batches(storage, build, missing, batch_size, pool):
            texts = captioner.caption([image for _, image in batch])
            for (clip_id, _), text in zip(batch, texts, strict=True):
                made[clip_id] = {"clip_id": clip_id, "text": text, "source": family.source}
    rows = [(kept | made)[clip_id] for clip_id in clip_ids if clip_id in kept or clip_id in made]
    _write(storage, build, family, rows, round(time.monotonic() - started_s, 3))
    return {
        "captioned": len(made),
        "kept": len(kept),
        "unreadable": len(missing) - len(made),
    }


def _batches(
    storage: Storage, build: Commit, clip_ids: Sequence[str], size: int, pool: ThreadPoolExecutor
) -> Iterator[list[Pictured]]:
    """Pictures in the order of the ids, unreadable ones left out.

    The next batch is decoded while the caller works on the last.
    """
    if not clip_ids:
        return
    jpegs = _read_keyframes(storage, build)
    ahead = None
    for start in range(0, len(clip_ids), size):
        behind, ahead = ahead, pool.submit(_decode, jpegs, clip_ids[start : start + size])
        if behind is not None and (batch := behind.result()):
            yield batch
    if ahead is not None and (batch := ahead.result()):
        yield batch


def _decode(jpegs: dict[str, bytes], clip_ids: Sequence[str]) -> list[Pictured]:
    pictures = []
    for clip_id in clip_ids:
        try:
            with Image.open(io.BytesIO(jpegs[clip_id]), formats=["JPEG"]) as image:
                pictures.append((clip_id, image.convert("RGB")))
        except (KeyError, UnidentifiedImageError, OSError, Image.DecompressionBombError):
            continue  # counted as the difference
    return pictures


def _read_keyframes(storage: Storage, build: Commit) -> dict[str, bytes]:
    """Every keyframe of a unit by clip; some megabytes."""
    jpegs = {}
    for name in _names(build, "keyframes/"):
        with tarfile.open(fileobj=io.BytesIO(storage.read_bytes(name))) as tar:
            for member in tar:
                if (file := tar.extractfile(member)) is not None:
                    jpegs[member.name.removesuffix(".jpg")] = file.read()
    return jpegs


def _read_captions(storage: Storage, family: Family, unit: str) -> dict[str, Row]:
    if not is_committed(storage, family.stage, unit):
        return {}
    return {
        row["clip_id"]: row
        for record in read_commit(storage, family.stage, unit).files
        for row in read_table(storage, "captions", record.name).to_pylist()
    }


def _write(storage: Storage, build: Commit, family: Family, rows: list[Row], wall_s: float) -> None:
    """Writes the table under a name that no commit uses, replaces the commit, removes the old."""
    unit = build.unit
    old: tuple[FileRecord, ...] = ()
    if is_committed(storage, family.stage, unit):
        old = read_commit(storage, family.stage, unit).files
    used = {record.name for record in old}
    names = (f"{unit}-r{number}" if number else unit for number in range(len(used) + 10**6))
    name = next(n for n in (table_file("captions", s, family.name) for s in names) if n not in used)
    record = write_rows(storage, "captions", name, rows)
    commit_unit(
        storage,
        Commit(
            stage=family.stage,
            unit=unit,
            files=(record,),
            rows={"captions": len(rows)},
            settings=family.settings,
            inputs=_inputs(build),
            timings={"wall_s": wall_s},
        ),
    )
    for stale in used:
        storage.remove(stale)


def _names(commit: Commit, prefix: str) -> list[str]:
    return [record.name for record in commit.files if record.name.startswith(prefix)]


def _inputs(build: Commit) -> dict[str, str]:
    """What captions are made from: the clips tables, by digest."""
    return {r.name: r.sha256 for r in build.files if r.name.startswith("clips/")}
