"""The family `text` of one unit: how much of each keyframe text covers."""

import io
import time
from typing import Any

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, Commit, read_commit
from hdvg.manifest import read_table
from hdvg.scoring.commit_scores import commit_scores, inputs_of, is_scored, stage_of
from hdvg.scoring.find_text import measure_text_area
from hdvg.shards import read_members
from hdvg.storage import Storage

FAMILY = "text"
# Raise the number when the measure changes: units that an older one scored are done again.
SETTINGS: dict[str, Any] = {"version": 1}


def list_unscored(catalogue: Catalogue) -> list[str]:
    """Units whose clips have no text score, or were revised since."""
    storage = catalogue.storage
    return [
        unit
        for unit in catalogue.units(BUILD)
        if not is_scored(storage, FAMILY, unit, SETTINGS, inputs_of(storage, unit, "clips/"))
    ]


def score_text(storage: Storage, unit: str) -> int:
    """Scores the clips of a unit and commits; the number of keyframes that cannot be read.

    A clip without a readable keyframe has no row in the family: its score is unknown.
    """
    started_s = time.monotonic()
    # A worker is one task on one core; OpenCV would otherwise take them all.
    cv2.setNumThreads(1)
    keyframes: dict[str, bytes] = {}
    clip_ids: list[str] = []
    for record in read_commit(storage, BUILD, unit).files:
        if record.name.startswith("keyframes/"):
            keyframes |= read_members(storage, record.name)
        elif record.name.startswith("clips/"):
            clip_ids += read_table(storage, "clips", record.name)["clip_id"].to_pylist()
    areas = {clip_id: _measure(keyframes.get(f"{clip_id}.jpg", b"")) for clip_id in clip_ids}
    rows = [
        {"clip_id": name, "text_area": area} for name, area in areas.items() if area is not None
    ]
    commit = Commit(
        stage=stage_of(FAMILY),
        unit=unit,
        files=(),
        rows={},
        settings=SETTINGS,
        inputs=inputs_of(storage, unit, "clips/"),
        timings={"wall_s": round(time.monotonic() - started_s, 3)},
    )
    commit_scores(storage, FAMILY, rows, commit)
    return len(clip_ids) - len(rows)


def _measure(jpeg: bytes) -> float | None:
    """None for a picture that cannot be decoded."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            return round(measure_text_area(np.asarray(image.convert("L"))), 5)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return None
