"""What a training run leaves behind: config.yaml, metrics.csv, checkpoints/ and model/."""

import csv
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint, WeightAveraging
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from hdvg.errors import InputError
from vfsr.rcan import RCAN
from vfsr.weights import save_rcan


def prepare_run(folder: Path, resumes: bool) -> None:
    """Refuses to start a second run in a folder that holds one.

    Raises:
        InputError: The folder holds checkpoints and the run does not resume.
    """
    if not resumes and any((folder / "checkpoints").glob("*.ckpt")):
        raise InputError(
            f"{folder} already holds a run; continue it with --ckpt_path last, "
            "or choose another folder with --run"
        )


def run_callbacks(folder: Path, save_every: int, ema_decay: float) -> list[Callback]:
    """Averaged weights, checkpoints every so many steps, and the model folder at the end."""
    checkpoint = ModelCheckpoint(
        dirpath=folder / "checkpoints",
        filename="{step}",
        save_last=True,
        every_n_train_steps=save_every,
        enable_version_counter=False,  # after a change of save_every it would write last-v1.ckpt
    )
    averaging = WeightAveraging(avg_fn=warmed_up_average(ema_decay))
    return [averaging, checkpoint, ExportModel(folder / "model")]


def warmed_up_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """An exponential moving average that forgets faster while it is young.

    A constant decay of 0.999 still holds a third of the untrained weights after 1000 steps. The
    weight of the newest is max(1 - decay, 9 / (10 + n)) after n updates, the usual warm-up.
    """

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        newest = max(1 - decay, 9 / (10 + int(count)))
        return averaged.lerp(current, newest)

    return average


class ExportModel(Callback):
    """Writes the averaged network as a model folder when training has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @rank_zero_only
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The averaged weights have been copied into the network by now."""
        model = pl_module.model
        assert isinstance(model, RCAN)
        save_rcan(model, self.folder)


class MetricsFile(Logger):
    """`metrics.csv`, one row a logged step; a resumed run continues the file.

    Lightning's own CSV logger deletes the file it finds.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.path = folder / "metrics.csv"
        self._rows: dict[int, dict[str, Any]] | None = None

    @property
    def name(self) -> str:
        """Name of the run."""
        return self.folder.name

    @property
    def version(self) -> str:
        """Runs have names, not versions."""
        return ""

    @property
    def save_dir(self) -> str:
        """The run folder."""
        return str(self.folder)

    @rank_zero_only
    def log_hyperparams(self, *args: object, **kwargs: object) -> None:
        """Nothing: config.yaml holds them."""

    @rank_zero_only
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Adds values to the row of a step; the first call drops rows of a future not reached."""
        now = step or 0
        if self._rows is None:
            self._rows = {at: row for at, row in self._read().items() if at < now}
        self._rows.setdefault(now, {"step": now}).update(metrics)

    @rank_zero_only
    def save(self) -> None:
        """Rewrites the file; it is small, and new columns change its head."""
        if not self._rows:
            return
        names = sorted({name for row in self._rows.values() for name in row} - {"step"})
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f".metrics.{os.getpid()}.csv")
        with partial.open("w", newline="", encoding="ascii") as file:
            writer = csv.DictWriter(file, ["step", *names], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._rows[at] for at in sorted(self._rows))
        partial.replace(self.path)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Writes what has not been written."""
        self.save()

    def _read(self) -> dict[int, dict[str, Any]]:
        if not self.path.is_file():
            return {}
        with self.path.open(newline="", encoding="ascii") as file:
            return {int(row["step"]): dict(row) for row in csv.DictReader(file)}
