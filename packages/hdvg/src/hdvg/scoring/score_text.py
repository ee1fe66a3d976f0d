"""The family `text` of one unit: how much of each keyframe text covers."""

import time
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from hdvg.catalogue import Catalogue
from hdvg.commit_family import commit_family, inputs_of, is_current
from hdvg.commits import BUILD, Commit, read_commit
from hdvg.make_unit import AbandonedError
from hdvg.manifest import read_table
from hdvg.scoring.find_text import measure_text_area
from hdvg.storage import Storage
from hdvg.unit_keyframes import decode_keyframe, read_keyframes

TABLE = "scores.text"  # also the stage that commits it
# Raise the number when the measure changes: units that an older one scored are done again.
SETTINGS: dict[str, Any] = {"version": 1}


def list_unscored(catalogue: Catalogue) -> list[str]:
    """Units whose clips have no text score, or were revised since."""
    return [
        unit
        for unit, build in catalogue.commits.get(BUILD, {}).items()
        if not is_current(catalogue.find(TABLE, unit), SETTINGS, inputs_of(build, "clips/"))
    ]


def score_text(storage: Storage, unit: str, wanted: Callable[[], bool] = lambda: True) -> int:
    """Scores the clips of a unit and commits; the number of keyframes that cannot be read.

    A clip without a readable keyframe has no row in the family: its score is unknown.

    Args:
        storage: The dataset.
        unit: A unit that the build has committed.
        wanted: Asked before anything is written: whether the run that asked for this is there.

    Raises:
        AbandonedError: Nobody wants the unit any more; nothing of it is left.
    """
    started_s = time.monotonic()
    # A worker is one task on one core; OpenCV would otherwise take them all.
    cv2.setNumThreads(1)
    build = read_commit(storage, BUILD, unit)
    keyframes = read_keyframes(storage, build)
    clip_ids = [
        clip_id
        for name in inputs_of(build, "clips/")
        for clip_id in read_table(storage, "clips", name)["clip_id"].to_pylist()
    ]
    areas = {clip_id: _measure(keyframes.get(clip_id, b"")) for clip_id in clip_ids}
    rows = [
        {"clip_id": name, "text_area": area} for name, area in areas.items() if area is not None
    ]
    if not wanted():
        raise AbandonedError(unit)
    commit = Commit(
        stage=TABLE,
        unit=unit,
        files=(),
        rows={},
        settings=SETTINGS,
        inputs=inputs_of(build, "clips/"),
        timings={"wall_s": round(time.monotonic() - started_s, 3)},
    )
    commit_family(storage, TABLE, "", rows, commit)
    return len(clip_ids) - len(rows)


def _measure(jpeg: bytes) -> float | None:
    """None for a picture that cannot be decoded."""
    image = decode_keyframe(jpeg, "L")
    return None if image is None else round(measure_text_area(np.asarray(image)), 5)
