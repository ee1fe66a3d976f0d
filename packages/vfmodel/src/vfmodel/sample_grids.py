"""Videos of fixed prompts, made in the middle of a training: what the loss does not tell.

Every process samples its share of the prompts from the averaged weights; the first one sets them
side by side. Random numbers come from generators of their own, so training does not notice.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from jaxtyping import UInt8
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from hdvg.errors import InputError
from hdvg.video import UInt8Video, to_uint8, write_video
from vfmodel.averaged_pipeline import averaged_pipeline
from vfmodel.ema import EMA
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.sample_schedule import SampleSchedule
from vfmodel.sampling import Sampling, check_prompt
from vfmodel.tensorboard_events import TensorBoardEvents
from vfmodel.training import VideoDiffusion
from vfmodel.video_grid import compose_grid

LOG = logging.getLogger(__name__)

# What may go wrong in sampling and writing that is no reason to end a training.
_BEARABLE = (RuntimeError, ValueError, OSError)


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """What is sampled during training, and how often."""

    prompts: tuple[str, ...]
    """What to show, a tile each; they are shared out over the processes."""
    every: int = 500
    """Steps from grid to grid; the last step has one as well."""
    steps: int = 25
    """Denoising steps."""
    guidance_scale: float = 4.0
    """How strictly to follow the prompts; 1 or less is no guidance."""
    seed: int = 0
    """Of the first prompt's noise; the next one's is one more, and all grids have the same."""

    def __post_init__(self) -> None:
        if not self.prompts:
            raise InputError("samples.prompts names no prompt: []")
        for prompt in self.prompts:
            check_prompt(prompt)
        if self.every < 1:
            raise InputError(f"samples.every must be >= 1, got {self.every}")
        if not 0 <= self.seed < 2**63 - len(self.prompts):
            raise InputError(f"samples.seed must be in 0..2**63 - 1, got {self.seed}")
        Sampling(num_inference_steps=self.steps, guidance_scale=self.guidance_scale)


class SampleGrids(Callback):
    """Writes `step-<n>.mp4` into a folder, and the same grid into TensorBoard.

    A sample that fails is named in the log and leaves its tile grey; training goes on, since
    nothing in it depends on the samples.
    """

    def __init__(
        self, config: SampleConfig, ema: EMA, folder: Path, events: TensorBoardEvents
    ) -> None:
        self.config = config
        self.folder = folder
        self._ema = ema
        self._events = events
        self._schedule = SampleSchedule(config.every)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Notes where the run begins."""
        self._schedule.begin(trainer)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: object) -> None:
        """Samples after the steps that are due and after the last one."""
        if not self._schedule.is_due(trainer):
            return
        model = cast(VideoDiffusion, pl_module)
        videos = self._gather(trainer, model)
        if trainer.is_global_zero:
            self._write(trainer.global_step, videos, model.unet.config.fps)

    def _gather(self, trainer: Trainer, model: VideoDiffusion) -> UInt8[Tensor, "N T 3 H W"]:
        """The videos of all prompts, from all processes.

        Each process makes equally many, surplus ones of the first prompts once more: whoever has
        none would wait for the others anyway.
        """
        world, prompts = trainer.world_size, self.config.prompts
        count = -(-len(prompts) // world)
        mine = [(trainer.global_rank + world * i) % len(prompts) for i in range(count)]
        pipeline = averaged_pipeline(model, self._ema)
        with trainer.precision_plugin.forward_context():
            own = torch.stack([self._sample(pipeline, i, trainer.global_step) for i in mine])
        everyones = cast(Tensor, model.all_gather(own.to(model.device)))
        by_process = everyones.cpu().view(world, *own.shape)
        return by_process.transpose(0, 1).flatten(0, 1)[: len(prompts)]

    def _sample(
        self, pipeline: VideoFactoryPipeline, index: int, step: int
    ) -> UInt8[Tensor, "T 3 H W"]:
        config, prompt = self.config, self.config.prompts[index]
        try:
            (frames,) = pipeline(
                prompt,
                generator=torch.Generator().manual_seed(config.seed + index),
                num_inference_steps=config.steps,
                guidance_scale=config.guidance_scale,
                return_dict=False,
            )
            return torch.from_numpy(to_uint8(frames[0].float().cpu().numpy()))
        except _BEARABLE as error:
            LOG.error("step %d: no sample of %r: %s", step, prompt, error)
            sizes = pipeline.unet.config
            factor = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
            height, width = sizes.sample_height * factor, sizes.sample_width * factor
            return torch.full((sizes.num_frames, 3, height, width), 128, dtype=torch.uint8)

    def _write(self, step: int, videos: UInt8[Tensor, "N T 3 H W"], fps: float) -> None:
        try:
            grid: UInt8Video = compose_grid(list(np.asarray(videos)), self.config.prompts)
            write_video(self.folder / f"step-{step:06d}.mp4", grid, fps)
            self._events.log_video("samples", grid, fps, step)
        except _BEARABLE as error:
            LOG.error("step %d: the samples could not be written: %s", step, error)
