"""Encodes a dataset: latents of every committed unit that the family lacks."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD
from hdvg.family_pass import check_settings, list_missing, open_pass
from hdvg.family_workers import Outcome, UnitWork
from hdvg.latents.encode_unit import FrameEncoder, encode_unit
from hdvg.latents.latent_settings import LatentSettings, latent_stage
from hdvg.progress import View
from hdvg.storage import Storage, check_name

# Reasons are for people to look at, and one may hold for every clip.
_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class EncodeSummary:
    """What a latent family holds after a run.

    Attributes:
        family: Its name.
        num_clips: Clips of the dataset.
        num_encoded: Clips that have latents.
        num_left_out: Clips that have none, because they are damaged or cannot be decoded.
        num_made: Clips that this run encoded.
        bad: What was wrong with the first twenty clips that this run left out.
        units_before: Units that an earlier run had encoded.
        units_made: Units that this run encoded.
        nbytes: Size of the family's files in bytes.
        wall_s: Seconds that this run took.
    """

    family: str
    num_clips: int
    num_encoded: int
    num_left_out: int
    num_made: int
    bad: list[str]
    units_before: int
    units_made: int
    nbytes: int
    wall_s: float


def encode_dataset(
    data: str,
    family: str,
    settings: LatentSettings,
    load: Callable[[str], FrameEncoder],
    *,
    device: Literal["auto", "cpu", "cuda"] = "auto",
    address: str = "",
) -> EncodeSummary:
    """Encodes what the family lacks; the same call goes on where a killed one stopped.

    Args:
        data: The dataset folder, or an fsspec URL.
        family: Name of the latents.
        settings: What the latents are of and by; the encoder's.
        load: Called with "cpu" or "cuda" in each worker, picklable; loads the encoder.
        device: Where to encode; "auto" takes the GPUs if there are any.
        address: A running Ray cluster to join; "" for this machine alone.

    Raises:
        InputError: No dataset, a family that was made with other settings, another process at work
            on the dataset, no GPU where one is asked for, or a unit that cannot be read or written.
    """
    started_s = time.monotonic()
    check_name(family, "a latent family")
    stage = latent_stage(family)
    with open_pass(data, address) as session:
        chosen = ("cuda" if session.has_gpu else "cpu") if device == "auto" else device
        check_settings(session.catalogue, stage, settings.as_commit(), unless=["autoencoder"])
        missing = list_missing(session.catalogue, stage)
        prepare = partial(_prepare, load, chosen, family, settings)
        outcomes = session.work(list(missing), chosen, "encoding", prepare)
        num_made, bad = _follow(outcomes, missing) if missing else (0, [])
        catalogue = Catalogue(session.storage)
    commits = catalogue.commits.get(stage, {})
    num_clips = sum(commit.rows["clips"] for commit in catalogue.commits.get(BUILD, {}).values())
    num_encoded = sum(commit.rows["latents"] for commit in commits.values())
    return EncodeSummary(
        family=family,
        num_clips=num_clips,
        num_encoded=num_encoded,
        num_left_out=num_clips - num_encoded,
        num_made=num_made,
        bad=bad[:_NAMED],
        units_before=len(commits) - len(missing),
        units_made=len(missing),
        nbytes=sum(record.nbytes for commit in commits.values() for record in commit.files),
        wall_s=round(time.monotonic() - started_s, 1),
    )


def _prepare(
    load: Callable[[str], FrameEncoder], device: str, family: str, settings: LatentSettings
) -> UnitWork:
    """What a worker loads, and does with each unit."""
    encoder = load(device)

    def work(storage: Storage, unit: str, wanted: Callable[[], bool]) -> dict[str, Any]:
        return encode_unit(storage, unit, family, settings, encoder, wanted)

    return work


def _follow(outcomes: Iterator[Outcome], num_clips: Mapping[str, int]) -> tuple[int, list[str]]:
    """Shows how far the work is; the number of clips encoded, and what is wrong with others."""
    num_made = num_done = 0
    bad: list[str] = []
    with View("vfmodel latents", sum(num_clips.values()), noun="clips") as view:
        view.update(0, "loading the model")
        for outcome in outcomes:
            num_made += outcome["encoded"]
            num_done += num_clips[outcome["unit"]]
            bad += outcome["bad"]
            view.update(num_done, f"{len(bad)} cannot be read" if bad else "")
    return num_made, bad
