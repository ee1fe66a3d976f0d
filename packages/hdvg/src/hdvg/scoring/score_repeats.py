"""The family `repeats`: every clip is compared with all others, so it is made anew as a whole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from hdvg.catalogue import Catalogue
from hdvg.commit_family import commit_family
from hdvg.commits import BUILD, Commit
from hdvg.errors import InputError
from hdvg.scoring.find_repeats import find_repeats

TABLE = "scores.repeats"  # also the stage that commits it
Row = dict[str, Any]


def score_repeats(catalogue: Catalogue, captions: str, max_distance: int) -> dict[str, int]:
    """Compares all clips and commits the units whose rows are not what is committed.

    Args:
        catalogue: The dataset, claimed by this process.
        captions: Caption family whose repetitions are counted.
        max_distance: Bits in which fingerprints of clips that look the same may differ, 0..7.

    Returns:
        Counts: "duplicates", "repeated_captions" and "units" that were committed.

    Raises:
        InputError: The dataset has no fingerprints or no such captions, or `max_distance` is out of
            range.
    """
    storage = catalogue.storage
    if "scan" not in catalogue.families("scores"):
        raise InputError(f"{storage.root} has no fingerprints: it was built without scan scores")
    settings = {"captions": captions, "max_distance": max_distance}
    by_unit = _compare(catalogue, captions, max_distance)
    changed = 0
    for unit, rows in by_unit.items():
        old = catalogue.find(TABLE, unit)
        known = old is not None and old.settings == settings
        if known and catalogue.table(TABLE, unit).to_pylist() == rows:
            continue
        empty = Commit(stage=TABLE, unit=unit, files=(), rows={}, settings=settings)
        commit_family(storage, TABLE, "", rows, empty)
        changed += 1
    rows = [row for part in by_unit.values() for row in part]
    return {
        "duplicates": sum(row["duplicate_of"] is not None for row in rows),
        "repeated_captions": sum(row["caption_repeats"] > 0 for row in rows),
        "units": changed,
    }


def _compare(catalogue: Catalogue, captions: str, max_distance: int) -> Mapping[str, list[Row]]:
    """The rows of every unit that has clips, in the order of the dataset."""
    units: list[str] = []
    clip_ids: list[str] = []
    for unit in catalogue.units(BUILD):
        found = catalogue.table("clips", unit)["clip_id"].to_pylist()
        clip_ids += found
        units += [unit] * len(found)
    scan = catalogue.family("scores", "scan")
    prints = dict(zip(*(scan[c].to_pylist() for c in ("clip_id", "fingerprint")), strict=True))
    scored = [place for place, clip_id in enumerate(clip_ids) if clip_id in prints]
    table = catalogue.family("captions", captions)
    texts = dict(zip(*(table[c].to_pylist() for c in ("clip_id", "text")), strict=True))
    names = [clip_ids[place] for place in scored]
    codes = np.array([prints[name] for name in names], dtype=np.uint64)
    rows = find_repeats(names, codes, texts, max_distance)
    by_unit: dict[str, list[Row]] = {unit: [] for unit in catalogue.units(BUILD)}
    for place, row in zip(scored, rows, strict=True):
        by_unit[units[place]].append(row)
    return by_unit
