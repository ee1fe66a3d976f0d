"""Captions a dataset: every committed unit that the family lacks."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from hdvg.captioning.caption_unit import Family, caption_unit
from hdvg.captioning.captioner import (
    CaptionerConfig,
    check_installed,
    describe_captioner,
    load_captioner,
)
from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD
from hdvg.errors import InputError
from hdvg.family_pass import check_settings, list_missing, open_pass
from hdvg.family_workers import Outcome, UnitWork
from hdvg.progress import View
from hdvg.storage import Storage, check_name

SOURCE = "blip2"


@dataclass(frozen=True, kw_only=True)
class CaptionConfig(CaptionerConfig):
    """Everything that `hdvg caption` can be told."""

    data: str
    """The dataset folder, or an fsspec URL such as s3://bucket/dataset."""
    family: str = "blip2"
    """Name of the caption family; another model or prompt needs another name."""
    batch_size: int = 16
    """Keyframes that the model sees at a time."""
    address: str = ""
    """A running Ray cluster to join; empty: this machine alone."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.data:
            raise InputError("data is empty: give the dataset folder")
        check_name(self.family, "a caption family")
        if self.batch_size < 1:
            raise InputError(f"batch_size must be at least 1, got {self.batch_size}")


@dataclass(frozen=True, kw_only=True)
class CaptionSummary:
    """What a caption family holds after a run.

    Attributes:
        family: Its name.
        model: Who made the captions.
        num_clips: Clips of the dataset.
        num_captions: Clips that have a caption.
        num_unreadable: Clips that have none, because their keyframe cannot be decoded.
        num_made: Captions that this run made.
        units_before: Units that an earlier run had captioned.
        units_made: Units that this run captioned.
        wall_s: Seconds that this run took.
    """

    family: str
    model: str
    num_clips: int
    num_captions: int
    num_unreadable: int
    num_made: int
    units_before: int
    units_made: int
    wall_s: float


def caption_dataset(config: CaptionConfig) -> CaptionSummary:
    """Captions what the family lacks.

    Raises:
        InputError: No dataset, no model, a family that was made with other settings, another
            process at work on the dataset, no GPU where one is asked for, or a unit that cannot
            be written.
    """
    started_s = time.monotonic()
    check_installed()
    with open_pass(config.data, config.address) as session:
        captioner = config.settle(has_gpu=session.has_gpu)
        family = Family(name=config.family, source=SOURCE, settings=describe_captioner(captioner))
        _check_own(session.catalogue, family)
        check_settings(session.catalogue, family.stage, family.settings)
        missing = list_missing(session.catalogue, family.stage)
        prepare = partial(_prepare, captioner, family, config.batch_size)
        outcomes = session.work(list(missing), captioner.device, "captioning", prepare)
        num_made = _follow(outcomes, missing) if missing else 0
        wall_s = time.monotonic() - started_s
        return _summarise(session.storage, family, len(missing), num_made, wall_s)


def _check_own(catalogue: Catalogue, family: Family) -> None:
    """Refuses to add to a family that came with the build."""
    made = family.stage in catalogue.commits
    if not made and family.name in catalogue.families("captions"):
        raise InputError(
            f"the caption family {family.name!r} of {catalogue.storage.root} came with the build;"
            " choose another name with --family"
        )


def _prepare(config: CaptionerConfig, family: Family, batch_size: int) -> UnitWork:
    """What a worker loads, and does with each unit."""
    captioner = load_captioner(config, family.settings["revision"])

    def work(storage: Storage, unit: str, wanted: Callable[[], bool]) -> dict[str, int]:
        return caption_unit(storage, unit, family, captioner, batch_size, wanted)

    return work


def _follow(outcomes: Iterator[Outcome], num_clips: dict[str, int]) -> int:
    """Shows how far the work is; the number of captions made."""
    num_made = num_done = 0
    with View("hdvg caption", sum(num_clips.values()), noun="clips") as view:
        view.update(0, "loading the model")
        for outcome in outcomes:
            num_made += outcome["captioned"]
            num_done += num_clips[outcome["unit"]]
            view.update(num_done)
    return num_made


def _summarise(
    storage: Storage, family: Family, units_made: int, num_made: int, wall_s: float
) -> CaptionSummary:
    catalogue = Catalogue(storage)
    num_clips = sum(commit.rows["clips"] for commit in catalogue.commits.get(BUILD, {}).values())
    commits = catalogue.commits.get(family.stage, {})
    num_captions = sum(commit.rows["captions"] for commit in commits.values())
    return CaptionSummary(
        family=family.name,
        model=family.settings["model"],
        num_clips=num_clips,
        num_captions=num_captions,
        num_unreadable=num_clips - num_captions,
        num_made=num_made,
        units_before=len(commits) - units_made,
        units_made=units_made,
        wall_s=round(wall_s, 1),
    )
