"""What a training samples with: the weights' running average."""

from typing import cast

from vfmodel.ema import EMA
from vfmodel.objective import build_scheduler
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.training import VideoDiffusion


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
