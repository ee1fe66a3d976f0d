"""Shows how far a training is: a bar in a terminal, a line now and then in a log."""

import io
import shutil
import sys
import time
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import ProgressBar
from tqdm import tqdm

# A log wants a sign of life, not a flood.
_LOG_INTERVAL_S = 10.0
_WORDS = "{n_fmt}/{total_fmt} steps{postfix}, ETA {remaining}"


class FitProgress(ProgressBar):
    """Counts optimiser steps to the last one, with the loss, clips a second and what time is left.

    Lightning's own bar counts the batches of an epoch; ours has no end, so it could not tell how
    long a run will take.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stream = sys.stderr
        self._enabled = True
        self._bar: tqdm[Any] | None = None
        self._told_s = 0.0

    def disable(self) -> None:
        """Shows nothing, as on all processes but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Shows again."""
        self._enabled = True

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Begins where the run begins."""
        live, size = self._stream.isatty(), shutil.get_terminal_size()
        self._bar = tqdm(
            total=trainer.max_steps,
            initial=trainer.global_step,
            disable=not self._enabled,
            file=self._stream if live else io.StringIO(),
            bar_format=f"training {{bar:20}} {_WORDS}" if live else f"training: {_WORDS}",
            ncols=size.columns,
            nrows=size.lines,
            smoothing=0.1,
        )
        self._told_s = time.monotonic()

    def on_train_batch_end(self, trainer: Trainer, *_: object) -> None:
        """Shows the newest step."""
        bar = self._bar
        assert bar is not None
        if bar.disable or trainer.global_step == bar.n:
            return
        bar.set_postfix_str(describe(trainer.progress_bar_metrics), refresh=False)
        bar.update(trainer.global_step - bar.n)
        now_s = time.monotonic()
        last = trainer.global_step == trainer.max_steps
        if not self._stream.isatty() and (last or now_s - self._told_s >= _LOG_INTERVAL_S):
            self._told_s = now_s
            self._stream.write(f"{bar}\n")
            self._stream.flush()

    def on_train_end(self, *_: object) -> None:
        """Leaves the bar as it is."""
        self._close()

    def on_exception(self, *_: object) -> None:
        """Leaves the bar as it is, and the line free for what is said about it."""
        self._close()

    def print(self, *words: object, sep: str = " ", **_: object) -> None:
        """Prints above the bar."""
        tqdm.write(sep.join(map(str, words)), file=self._stream)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def describe(metrics: dict[str, float]) -> str:
    """Loss and rate in words, as far as they are known."""
    words = []
    if "train/loss" in metrics:
        words.append(f"loss {metrics['train/loss']:.4f}")
    if "perf/clips_per_s" in metrics:
        words.append(f"{metrics['perf/clips_per_s']:.1f} clips/s")
    return ", ".join(words)
