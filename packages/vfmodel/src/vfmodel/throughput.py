"""How fast a training goes, beside its loss: `perf/...` in the metrics.

Logged every `trainer.log_every_n_steps` steps, over the steps since the last time. Checkpoints,
sample grids and the start of the run do not count. Work, memory and waiting are those of the first
process; the others go in step with it.
"""

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from vfmodel.step_cost import count_step_flops, measure_matmul_peak
from vfmodel.timed_loader import TimedLoader
from vfmodel.training import Batch, VideoDiffusion


@dataclass(kw_only=True)
class Window:
    """What one process has done in some steps.

    Attributes:
        steps: Done.
        clips: Trained on.
        flops: Floating-point operations of the U-Net.
        step_s: Seconds in steps.
        wait_s: Seconds in between, waiting for the loader.
    """

    steps: int = 0
    clips: int = 0
    flops: int = 0
    step_s: float = 0.0
    wait_s: float = 0.0

    def rates(self, world_size: int, peak_flops: float) -> dict[str, float]:
        """What is logged.

        Args:
            world_size: Processes, each as fast as this one.
            peak_flops: Floating-point operations a second that one process can reach.

        Returns:
            `step_s`, seconds a step, the loader's included; `clips_per_s` of all processes;
            `tflops`, 1e12 operations a second, and `peak_share` of one; `data_wait`, the share of
            the time in which the loader was waited for.
        """
        total_s = self.step_s + self.wait_s
        flops_per_s = self.flops / total_s
        return {
            "step_s": total_s / self.steps,
            "clips_per_s": self.clips * world_size / total_s,
            "tflops": flops_per_s / 1e12,
            "peak_share": flops_per_s / peak_flops,
            "data_wait": self.wait_s / total_s,
        }


class Throughput(Callback):
    """Times the steps and logs the rates."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._peak_flops = 0.0
        self._flops_of: dict[tuple[object, ...], int] = {}
        self._window = Window()
        self._logged_step = 0
        self._started_s = 0.0
        self._waited_s = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Measures the machine."""
        dtype = precision_dtype(str(trainer.precision))
        self._peak_flops = measure_matmul_peak(pl_module.device, dtype)
        self._logged_step = trainer.global_step
        self._waited_s = cast(TimedLoader, trainer.train_dataloader).waited_s

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Starts the clock."""
        self._window.flops += self._count(cast(VideoDiffusion, pl_module), batch)
        self._window.clips += len(batch["caption"])
        self._started_s = self._clock()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, *_: object
    ) -> None:
        """Stops it, and logs when it is time to."""
        waited_s = cast(TimedLoader, trainer.train_dataloader).waited_s
        self._window.step_s += self._clock() - self._started_s
        self._window.wait_s += waited_s - self._waited_s
        self._waited_s = waited_s
        step = trainer.global_step
        if step == self._logged_step or step % cast(Any, trainer).log_every_n_steps:
            return
        self._window.steps = step - self._logged_step
        self._logged_step = step
        rates = self._window.rates(trainer.world_size, self._peak_flops)
        rates["peak_memory_gb"] = peak_memory_bytes(pl_module.device) / 1e9
        for name, value in rates.items():
            pl_module.log(f"perf/{name}", value, prog_bar=name == "clips_per_s")
        self._window = Window()

    def _count(self, model: VideoDiffusion, batch: Batch) -> int:
        """Operations of a batch; each kind of batch is counted once."""
        size = _latent_size(model, batch)
        key = (size, model.unet.swap_active)
        if key not in self._flops_of:
            tokens = model.text_encoder.tokenizer.model_max_length
            # As in a training step, clips of one frame are images.
            self._flops_of[key] = count_step_flops(model.unet, size, tokens, still=size[1] == 1)
        return len(batch["caption"]) * self._flops_of[key]


def _latent_size(model: VideoDiffusion, batch: Batch) -> tuple[int, int, int, int]:
    """C, T, h and w of the batch's clips, encoded or not."""
    if "latents" in batch:
        channels, frames, rows, columns = batch["latents"].shape[1:]
        return channels, frames, rows, columns
    frames, _, height, width = batch["video"].shape[1:]
    autoencoder = model.autoencoder
    factor = autoencoder.factor
    return autoencoder.latent_channels, frames, height // factor, width // factor


def precision_dtype(precision: str) -> torch.dtype:
    """What Lightning's `trainer.precision` computes matrix products in."""
    if "bf16" in precision:
        return torch.bfloat16
    if precision.startswith("16"):
        return torch.float16
    return torch.float64 if precision.startswith("64") else torch.float32


def peak_memory_bytes(device: torch.device) -> int:
    """The most that was ever allocated: on the GPU, or else by the whole process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # bytes there, KiB elsewhere
