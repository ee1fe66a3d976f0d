"""Counts the clips that could not be read, names each once, and stops a run that has too many."""

import logging
import math
from dataclasses import dataclass, field
from typing import Any, cast

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from hdvg.errors import InputError
from vfmodel.sound_clips import SKIPPED, Skipped, check_sound

LOG = logging.getLogger(__name__)

# Names are kept to say each once, and go into every checkpoint; past these, clips are only counted.
_NAMES = 1000
# A run within its limit is stopped by mere chance once in a million times.
_CHANCE = 1e-6


@dataclass(kw_only=True)
class Tally:
    """What was read so far, by all processes.

    Attributes:
        read: Clips that were tried.
        skipped: How many of them could not be read.
        named: Source and index of the first thousand different ones.
    """

    read: int = 0
    skipped: int = 0
    named: set[tuple[int, int]] = field(default_factory=set)

    def add(self, read: int, skipped: list[Skipped]) -> list[Skipped]:
        """Counts, and returns those that have not been named before, each once."""
        self.read += read
        self.skipped += len(skipped)
        new = []
        for one in skipped:
            key = (one.source, one.clip)
            if key not in self.named and len(self.named) < _NAMES:
                self.named.add(key)
                new.append(one)
        return new

    def exceeds(self, share: float) -> bool:
        """Whether more than this share of the clips is broken, beyond what chance explains.

        By Chernoff's bound: of n clips, k > n * share broken ones are met with a probability below
        exp(-n KL(k / n || share)). With a share of 0 one broken clip is enough.
        """
        if self.skipped <= share * self.read:
            return False
        found = self.skipped / self.read
        return self.read * _divergence(found, share) > -math.log(_CHANCE)


class SkipCount(Callback):
    """Watches what the batches of `ClipDataModule` skipped; all processes count for all.

    Logs `data/skipped`, how many clips were replaced so far.
    """

    def __init__(self, max_broken: float) -> None:
        """Sets the limit: the share of clips, in [0, 1), that may be broken."""
        self.max_broken = max_broken
        self.tally = Tally()

    def note(self, read: int, skipped: list[Skipped], *, aloud: bool) -> None:
        """Counts what all processes have read.

        Args:
            read: Clips that were tried.
            skipped: Those that could not be read.
            aloud: Whether this process names them.

        Raises:
            InputError: Too many are broken.
        """
        for one in self.tally.add(read, skipped):
            if aloud:
                LOG.warning("skipped: %s", one.reason)
        if self.tally.exceeds(self.max_broken):
            raise InputError(
                f"{self.tally.skipped} of the {self.tally.read} clips that were read are broken,"
                f" more than data.max_broken {self.max_broken:g} allows; the last: "
                f"{skipped[-1].reason}"
            )

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts what was read to cache latents, which every process did for itself."""
        read, skipped = cast(Any, trainer).datamodule.read_before_training()
        if not self.tally.read:  # else the run is gone on with, and has counted them
            self.note(read, skipped, aloud=trainer.is_global_zero)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: dict[str, Any], batch_idx: int
    ) -> None:
        """Counts what this batch took, on all processes, and stops all of them or none."""
        skipped = batch[SKIPPED]
        num_clips = len(batch.get("clip_id", ()))
        ours = torch.tensor(
            [num_clips + len(skipped), len(skipped), not num_clips], device=pl_module.device
        )
        read, num_skipped, num_empty = trainer.strategy.reduce(ours, reduce_op="sum").tolist()
        if num_skipped:
            skipped = _gather(skipped, trainer.world_size)
            self.note(read, skipped, aloud=trainer.is_global_zero)
            if num_empty:
                check_sound({SKIPPED: skipped})
        else:
            self.tally.add(read, [])
        pl_module.log("data/skipped", float(self.tally.skipped))

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says how many there were."""
        if trainer.is_global_zero:
            LOG.info("%d clips read, %d skipped", self.tally.read, self.tally.skipped)

    def state_dict(self) -> dict[str, Any]:
        """The counts, so that a resumed run goes on with them."""
        named = sorted([source, index] for source, index in self.tally.named)
        return {"read": self.tally.read, "skipped": self.tally.skipped, "named": named}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes the counts of the run that is gone on with."""
        named = {(source, index) for source, index in state_dict["named"]}
        self.tally = Tally(read=state_dict["read"], skipped=state_dict["skipped"], named=named)


def _divergence(found: float, share: float) -> float:
    """Kullback and Leibler's divergence of two coins, in nats."""
    if share == 0:
        return math.inf
    broken = found * math.log(found / share)
    return broken if found == 1 else broken + (1 - found) * math.log((1 - found) / (1 - share))


def _gather(skipped: list[Skipped], world_size: int) -> list[Skipped]:
    if world_size == 1:
        return skipped
    gathered: list[list[Skipped]] = [[]] * world_size
    torch.distributed.all_gather_object(gathered, skipped)
    return [one for part in gathered for one in part]
