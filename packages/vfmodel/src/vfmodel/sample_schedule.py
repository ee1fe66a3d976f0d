"""After which steps of a training samples are made, and from which weights."""

from typing import cast

from lightning.pytorch import Trainer

from vfmodel.ema import EMA
from vfmodel.objective import build_scheduler
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.training import VideoDiffusion


class SampleSchedule:
    """Every so many steps, and the last one; each of them once.

    With accumulated gradients several batches end at one step, and a resumed run begins at a step
    that had its samples before it was cut off.
    """

    def __init__(self, every: int) -> None:
        """Takes the number of steps from samples to samples, at least 1."""
        self._every = every
        self._seen_step = 0

    def begin(self, trainer: Trainer) -> None:
        """Notes where the run begins."""
        self._seen_step = trainer.global_step

    def is_due(self, trainer: Trainer) -> bool:
        """Whether samples are to be made now; True once for a step."""
        step = trainer.global_step
        if step == self._seen_step or not (step % self._every == 0 or step == trainer.max_steps):
            return False
        self._seen_step = step
        return True


def averaged_pipeline(model: VideoDiffusion, ema: EMA) -> VideoFactoryPipeline:
    """A pipeline around the weights' running average, which it shares and does not copy."""
    unet = cast(VideoDiffusion, ema.averaged_module()).unet
    unet.enable_swap(model.unet.swap_active)
    pipeline = VideoFactoryPipeline(
        vae=model.autoencoder.vae,
        text_encoder=model.text_encoder.text_model,
        tokenizer=model.text_encoder.tokenizer,
        unet=unet.eval(),
        scheduler=build_scheduler(model.objective),
        noise_sharing=model.objective.noise_sharing,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
