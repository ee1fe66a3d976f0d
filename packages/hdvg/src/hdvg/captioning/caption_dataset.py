"""Captions a dataset: every committed unit that the family lacks, by one captioner a GPU or CPUs.

One captioner works in this process; several, or a cluster's, are Ray actors. Either way a unit is
committed as a whole, so that the same command goes on after a kill.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

from hdvg.captioning.caption_unit import Family, is_captioned
from hdvg.captioning.captioner import CaptionerConfig, check_installed, describe_captioner
from hdvg.captioning.workers import (
    Job,
    Outcome,
    caption_here,
    caption_on_ray,
    list_nodes,
    plan_workforce,
)
from hdvg.catalogue import Catalogue
from hdvg.claim import claim
from hdvg.cluster import ray_session
from hdvg.commits import BUILD
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.progress import View
from hdvg.revise import remove_leftovers
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
    storage, _ = open_dataset(config.data)
    with ExitStack() as stack:
        owner = stack.enter_context(claim(storage))
        catalogue = Catalogue(storage)
        remove_leftovers(catalogue)
        ray = stack.enter_context(ray_session(config.address, 0)) if config.address else None
        nodes = list_nodes(ray)
        captioner = config.settle(has_gpu=any(node.get("GPU") for node in nodes))
        family = Family(name=config.family, source=SOURCE, settings=describe_captioner(captioner))
        check_family(catalogue, family)
        missing = [
            unit
            for unit, build in catalogue.commits.get(BUILD, {}).items()
            if not is_captioned(catalogue.find(family.stage, unit), build)
        ]
        force = plan_workforce(captioner.device, nodes, len(missing))
        num_made = 0
        if missing:
            job = Job(
                root=storage.root,
                family=family,
                captioner=captioner,
                batch_size=config.batch_size,
                owner=owner,
            )
            if ray is None and force.count > 1:
                ray = stack.enter_context(ray_session("", 0))
            outcomes = (
                caption_here(job, missing)
                if ray is None
                else caption_on_ray(ray, job, missing, force)
            )
            num_made = _follow(outcomes, _clip_counts(catalogue, missing))
        return _summarise(storage, family, len(missing), num_made, time.monotonic() - started_s)


def check_family(catalogue: Catalogue, family: Family) -> None:
    """Makes sure that captions of one family come from one captioner.

    Raises:
        InputError: The family came with the build, or was made with other settings.
    """
    root, commits = catalogue.storage.root, catalogue.commits.get(family.stage, {})
    if not commits and family.name in catalogue.families("captions"):
        raise InputError(
            f"the caption family {family.name!r} of {root} came with the build;"
            " choose another name with --family"
        )
    for commit in commits.values():
        changed = [
            f"{key} (was {commit.settings.get(key)!r}, now {value!r})"
            for key, value in family.settings.items()
            if commit.settings.get(key) != value
        ]
        if changed:
            raise InputError(
                f"the caption family {family.name!r} of {root} was made with other settings:"
                f" {', '.join(changed)}; choose another name with --family, or the old settings"
            )


def _clip_counts(catalogue: Catalogue, units: list[str]) -> dict[str, int]:
    return {unit: catalogue.commits[BUILD][unit].rows["clips"] for unit in units}


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
