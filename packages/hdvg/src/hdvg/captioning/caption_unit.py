"""Captions one committed unit from its keyframes, and commits the captions.

The row identity rests on one thing: a batch is a list of (clip id, picture), and its sentences are
zipped with that same list.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image

from hdvg.captioning.captioner import Captioner
from hdvg.commit_family import commit_family, inputs_of
from hdvg.commits import BUILD, Commit, is_committed, read_commit
from hdvg.make_unit import AbandonedError
from hdvg.manifest import read_table
from hdvg.storage import Storage
from hdvg.unit_keyframes import decode_keyframe, read_keyframes

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


def caption_unit(
    storage: Storage,
    unit: str,
    family: Family,
    captioner: Captioner,
    batch_size: int,
    wanted: Callable[[], bool] = lambda: True,
) -> dict[str, int]:
    """Captions the clips of a unit that the family lacks, and commits.

    A keyframe that cannot be decoded leaves its clip out of the family.

    Args:
        storage: The dataset.
        unit: A unit that the build has committed.
        family: Where the captions go.
        captioner: Who makes them.
        batch_size: Pictures that are handed over at a time.
        wanted: Asked before anything is written: whether the run that asked for this is there.

    Returns:
        Counts: "captioned" now, "kept" from before, "unreadable" keyframes.

    Raises:
        AbandonedError: Nobody wants the unit any more; nothing of it is left.
    """
    started_s = time.monotonic()
    build = read_commit(storage, BUILD, unit)
    clip_ids = [
        clip_id
        for name in inputs_of(build, "clips/")
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
    if not wanted():
        raise AbandonedError(unit)
    commit = Commit(
        stage=family.stage,
        unit=unit,
        files=(),
        rows={},
        settings=family.settings,
        inputs=inputs_of(build, "clips/"),
        timings={"wall_s": round(time.monotonic() - started_s, 3)},
    )
    commit_family(storage, "captions", family.name, rows, commit)
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
    jpegs = read_keyframes(storage, build)
    ahead = None
    for start in range(0, len(clip_ids), size):
        behind, ahead = ahead, pool.submit(_decode, jpegs, clip_ids[start : start + size])
        if behind is not None and (batch := behind.result()):
            yield batch
    if ahead is not None and (batch := ahead.result()):
        yield batch


def _decode(jpegs: dict[str, bytes], clip_ids: Sequence[str]) -> list[Pictured]:
    pictures = ((clip_id, decode_keyframe(jpegs.get(clip_id, b""))) for clip_id in clip_ids)
    return [(clip_id, image) for clip_id, image in pictures if image is not None]


def _read_captions(storage: Storage, family: Family, unit: str) -> dict[str, Row]:
    if not is_committed(storage, family.stage, unit):
        return {}
    return {
        row["clip_id"]: row
        for record in read_commit(storage, family.stage, unit).files
        for row in read_table(storage, "captions", record.name).to_pylist()
    }
