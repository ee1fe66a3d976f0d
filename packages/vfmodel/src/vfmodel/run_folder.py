"""The folder of one training run: config.yaml, metrics.csv, samples, last.ckpt and model/."""

import csv
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from hdvg.errors import InputError
from vfmodel.checkpoint_file import CheckpointFile, replace_checkpoint

LOG = logging.getLogger(__name__)


class RunFolder:
    """Names what lies in a run's folder.

    Attributes:
        path: The folder itself.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    @property
    def config(self) -> Path:
        """The run's whole configuration, defaults included."""
        return self.path / "config.yaml"

    @property
    def last_checkpoint(self) -> Path:
        """The newest checkpoint."""
        return self.path / "checkpoints" / "last.ckpt"

    @property
    def samples(self) -> Path:
        """The sample grids of the training."""
        return self.path / "samples"

    @property
    def model(self) -> Path:
        """The exported model folder, with averaged weights."""
        return self.path / "model"

    def choose_checkpoint(self, ckpt_path: str | None) -> Path | None:
        """The checkpoint to go on from, or None for a new run; nothing is written.

        Args:
            ckpt_path: A file, "last" for this run's newest, or None.

        Raises:
            InputError: The checkpoint is missing; or a new run would overwrite one.
        """
        if ckpt_path is None:
            if self.last_checkpoint.exists():
                raise InputError(
                    f"{self.path} already holds a run; continue it with --ckpt_path last, or"
                    " choose another folder with --run"
                )
            return None
        chosen = self.last_checkpoint if ckpt_path == "last" else Path(ckpt_path)
        if not chosen.is_file():
            raise InputError(f"checkpoint not found: {chosen}")
        return chosen


class LastCheckpoint(Checkpoint):
    """Keeps one checkpoint, replaced whole, every so many steps and at the last one.

    Lightning runs a `Checkpoint` after all other callbacks, so that it sees the averaged weights of
    the same step.
    """

    def __init__(self, path: Path, every_n_steps: int) -> None:
        if every_n_steps < 1:
            raise InputError(f"save_every must be positive, got {every_n_steps}")
        self.path = path
        self.every_n_steps = every_n_steps
        self._saved_step = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Chooses how checkpoints are written."""
        trainer.strategy.checkpoint_io = CheckpointFile()

    def on_train_batch_end(self, trainer: Trainer, *_: object) -> None:
        """Saves when an optimiser step has been taken that is due, or is the last one."""
        step = trainer.global_step
        due = step % self.every_n_steps == 0 or step == trainer.max_steps
        if due and step != self._saved_step:
            self.save(trainer)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Keeps what was reached when a person interrupts the run."""
        if isinstance(exception, KeyboardInterrupt) and trainer.global_step > self._saved_step:
            self.save(trainer)

    def save(self, trainer: Trainer) -> None:
        """Writes beside the old checkpoint, which is replaced when the new one is complete.

        Raises:
            InputError: A weight is not finite; the old checkpoint stays, to go on from.
            OSError: It cannot be written; the old checkpoint stays.
        """
        for name, weight in trainer.lightning_module.named_parameters():
            if not torch.isfinite(weight).all():
                raise InputError(
                    f"{name} is not finite after step {trainer.global_step}, so this step is not"
                    f" saved: go on from {self.path} with a lower learning rate"
                )
        replace_checkpoint(trainer, self.path)
        self._saved_step = trainer.global_step


class MetricsFile(Logger):
    """Writes `metrics.csv`, one row a logged step, and continues the file of a resumed run.

    Lightning's own CSV logger deletes the file that it finds.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._rows: dict[int, dict[str, Any]] | None = None
        self._told = False

    @property
    def name(self) -> str:
        """The run's name, that of its folder."""
        return self.path.parent.name

    @property
    def version(self) -> str:
        """Runs have no versions."""
        return ""

    @rank_zero_only
    def log_hyperparams(self, *_: object, **__: object) -> None:
        """Nothing to do: config.yaml has them."""

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Notes the values of a step; what a crashed run wrote about later steps is forgotten."""
        if step is None:
            return
        if self._rows is None:
            self._rows = {key: row for key, row in self._read().items() if key < step}
        self._rows.setdefault(step, {"step": step}).update(metrics)
        self.save()

    @rank_zero_only
    def save(self) -> None:
        """Rewrites the file, which is small, in one go.

        Where that fails, because the disk is full for example, the rows are kept and the next step
        tries again: metrics are not worth a run. Its checkpoints will end it, if need be.
        """
        if not self._rows:
            return
        partial = self.path.with_name(f".{self.path.name}.partial")
        try:
            self._write(partial)
            partial.replace(self.path)
            self._told = False
        except OSError as error:
            if not self._told:
                LOG.warning("%s waits to be written: %s", self.path, error.strerror)
            self._told = True
        finally:
            partial.unlink(missing_ok=True)

    def _write(self, path: Path) -> None:
        assert self._rows is not None
        names = sorted({name for row in self._rows.values() for name in row} - {"step"})
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, ["step", *names])
            writer.writeheader()
            writer.writerows(self._rows[step] for step in sorted(self._rows))

    def _read(self) -> dict[int, dict[str, Any]]:
        if not self.path.is_file():
            return {}
        with self.path.open(newline="", encoding="utf-8") as lines:
            return {int(row["step"]): dict(row) for row in csv.DictReader(lines)}
