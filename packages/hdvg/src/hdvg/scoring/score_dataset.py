"""Scores a dataset: what the build's decoding pass cannot give. Safe to run again at any time.

Text is measured unit by unit, and a unit that is done is not done again until it is revised.
Repeats depend on every clip of the dataset, so they are found anew at each run, and only units
whose rows changed are committed again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hdvg.catalogue import Catalogue
from hdvg.claim import claim
from hdvg.cluster import ray_session
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.family_workers import Outcome, check_outcome, try_unit
from hdvg.progress import View
from hdvg.revise import remove_leftovers
from hdvg.scoring.find_near import MAX_DISTANCE
from hdvg.scoring.score_repeats import score_repeats
from hdvg.scoring.score_text import list_unscored, score_text
from hdvg.storage import Storage, check_name

# Scoring so many keyframes takes about as long as starting Ray.
_FEW_CLIPS = 200


@dataclass(frozen=True, kw_only=True)
class ScoreConfig:
    """Everything that `hdvg score` can be told."""

    data: str
    """The dataset folder, or an fsspec URL such as s3://bucket/dataset."""
    captions: str = "alt_text"
    """Caption family whose repetitions are counted."""
    max_distance: int = 6
    """Bits of 64 in which the fingerprints of two clips that look the same may differ, 0 to 7."""
    address: str = ""
    """A running Ray cluster to join; empty: this machine alone."""
    num_cpus: int = 0
    """Units scored at a time on this machine; 0: one a core."""

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("data is empty: give the dataset folder")
        check_name(self.captions, "a caption family")
        # 6: copies that were scaled, encoded anew or brightened differ in 0 to 4 bits, copies with
        # 2 % cut off each edge in 4 to 8, different scenes in 8 or more.
        if not 0 <= self.max_distance <= MAX_DISTANCE:
            raise InputError(f"max_distance must be 0 to {MAX_DISTANCE}, got {self.max_distance}")
        if self.num_cpus < 0:
            raise InputError(f"num_cpus must not be negative, got {self.num_cpus}")


@dataclass(frozen=True, kw_only=True)
class ScoreSummary:
    """What a dataset's scores hold after a run.

    Attributes:
        num_clips: Clips of the dataset.
        text_units: Units whose text this run measured.
        unreadable: Keyframes that could not be read in these units.
        repeat_units: Units whose repeats this run committed.
        duplicates: Clips that look like an earlier one.
        repeated_captions: Clips whose caption another one has too.
        wall_s: Seconds that this run took.
    """

    num_clips: int
    text_units: int
    unreadable: int
    repeat_units: int
    duplicates: int
    repeated_captions: int
    wall_s: float


def score_dataset(config: ScoreConfig) -> ScoreSummary:
    """Scores what has no score, and finds all repeats.

    Raises:
        InputError: No dataset, nothing committed in it, no such captions, another process at work
            on it, or a unit that cannot be written.
    """
    started_s = time.monotonic()
    storage, _ = open_dataset(config.data)
    with claim(storage) as owner:
        catalogue = Catalogue(storage)
        remove_leftovers(catalogue)
        if not catalogue.units(BUILD):
            raise InputError(f"the dataset has no committed units: {config.data}")
        found = score_repeats(catalogue, config.captions, config.max_distance)
        units = list_unscored(catalogue)
        num_clips = sum(catalogue.commits[BUILD][unit].rows.get("clips", 0) for unit in units)
        alone = num_clips <= _FEW_CLIPS and not config.address
        outcomes = _score_here if alone else _score_on_ray
        unreadable = _follow(outcomes(config, storage.root, units, owner), len(units))
    return ScoreSummary(
        num_clips=len(catalogue.table("clips")),
        text_units=len(units),
        unreadable=unreadable,
        repeat_units=found["units"],
        duplicates=found["duplicates"],
        repeated_captions=found["repeated_captions"],
        wall_s=round(time.monotonic() - started_s, 1),
    )


def _follow(outcomes: Iterator[Outcome], num_units: int) -> int:
    """Shows how far the work is; the number of keyframes that cannot be read.

    Raises:
        InputError: A unit could not be read or written.
    """
    unreadable = 0
    with View("hdvg score", num_units, noun="units") as view:
        for number, outcome in enumerate(outcomes, start=1):
            unreadable += check_outcome(outcome, "scoring")["unreadable"]
            view.update(number)
    return unreadable


def _score_unit(storage: Storage, unit: str, wanted: Callable[[], bool]) -> dict[str, int]:
    return {"unreadable": score_text(storage, unit, wanted)}


def _score_here(_: ScoreConfig, root: str, units: Sequence[str], owner: str) -> Iterator[Outcome]:
    """Measures the text of units one after the other."""
    for unit in units:
        yield try_unit(Storage(root), unit, owner, _score_unit)


def _score_on_ray(
    config: ScoreConfig, root: str, units: Sequence[str], owner: str
) -> Iterator[Outcome]:
    """Measures the text of units side by side."""
    with ray_session(config.address, config.num_cpus) as ray:
        items = [{"unit": unit} for unit in units]
        tasks = ray.data.from_items(items, override_num_blocks=len(items))

        def score(row: dict[str, str]) -> Outcome:
            return try_unit(Storage(root), row["unit"], owner, _score_unit)

        yield from tasks.map(score, num_cpus=1).iter_rows()
