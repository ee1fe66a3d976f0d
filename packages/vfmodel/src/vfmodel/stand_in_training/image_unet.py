"""Trains the image U-Net that the mini video model is inflated from, on single rendered frames.

It stands in for Stable Diffusion's: a diffusers UNet2DConditionModel. An image costs a fraction of
a clip, so colours, shapes and backgrounds are learnt here, and motion afterwards.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.latent_clips import Encoded, encode_clips
from vfmodel.objective import (
    ObjectiveConfig,
    add_noise,
    build_scheduler,
    denoising_loss,
    sample_timesteps,
    target,
)
from vfmodel.scene_clips import SceneClips
from vfmodel.sound_clips import SoundClips
from vfmodel.stand_in_training.vae import cosine_warmup
from vfmodel.step_draws import drop_captions
from vfmodel.text_encoder import PromptEncoder

LOG = logging.getLogger(__name__)

# Where configs/vfmodel/mini_from_scratch.yaml expects it.
IMAGE_UNET = Path("artifacts/image_unet")


@dataclass(frozen=True, kw_only=True)
class ImageUNetConfig:
    """Sizes and training of the image U-Net; chosen here for two CPU cores."""

    channels: tuple[int, ...] = (32, 64, 96)
    """Channels of each level."""
    num_heads: tuple[int, ...] = (1, 2, 3)
    """Attention heads of each level."""
    norm_groups: int = 16
    """Groups of every group normalisation."""
    num_clips: int = 9000
    """Clean scenes of which one frame each is encoded beforehand."""
    num_stock: int = 3000
    """Scenes of stock footage, likewise."""
    num_steps: int = 2000
    """Optimiser steps."""
    batch_size: int = 32
    """Frames a step."""
    lr: float = 1e-3
    """Peak learning rate of AdamW; linear warm-up over 50 steps, then a cosine to zero."""
    caption_dropout: float = 0.1
    """Share of frames trained with the null prompt."""
    seed: int = 0
    """Seeds the weights and all noise."""

    def __post_init__(self) -> None:
        for name in ("num_clips", "num_stock", "num_steps", "batch_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")


def build_image_unet(config: ImageUNetConfig, text_width: int) -> UNet2DConditionModel:
    """An untrained image U-Net, laid out as Stable Diffusion 2's with fewer levels."""
    attending = len(config.channels) - 1
    return UNet2DConditionModel(
        sample_size=(12, 22),
        down_block_types=("CrossAttnDownBlock2D",) * attending + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * attending,
        block_out_channels=config.channels,
        layers_per_block=1,
        attention_head_dim=config.num_heads,  # diffusers' name for the number of heads
        cross_attention_dim=text_width,
        norm_num_groups=config.norm_groups,
        use_linear_projection=True,
    )


def train_image_unet(
    stills: Encoded, text_encoder: PromptEncoder, config: ImageUNetConfig
) -> UNet2DConditionModel:
    """Trains on encoded clips of one frame and their captions."""
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    objective = ObjectiveConfig()
    alphas_cumprod = build_scheduler(objective).alphas_cumprod
    unet = build_image_unet(config, text_encoder.width)
    optimiser = torch.optim.AdamW(unet.parameters(), lr=config.lr, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: cosine_warmup(step, config.num_steps, warmup_steps=50)
    )
    for step in range(config.num_steps):
        latents, captions = random_stills(stills, config.batch_size, generator)
        dropped = drop_captions(len(captions), config.caption_dropout, generator).tolist()
        prompts = ["" if drop else text for text, drop in zip(captions, dropped, strict=True)]
        timesteps = sample_timesteps(len(latents), objective, generator)
        noise = torch.randn(latents.shape, generator=generator)
        alpha_bar = alphas_cumprod[timesteps]
        noisy = add_noise(latents, noise, alpha_bar).squeeze(2)
        with torch.autocast("cpu", torch.bfloat16):
            predicted = unet(noisy, timesteps, text_encoder.encode(prompts)).sample
        wanted = target(objective.prediction, latents, noise, alpha_bar)
        loss = denoising_loss(predicted.unsqueeze(2), wanted)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(unet.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            LOG.info("image U-Net step %d: loss %.4f", step, loss.item())
    return unet.eval()


def random_stills(
    stills: Encoded, count: int, generator: torch.Generator
) -> tuple[Float[Tensor, "N C 1 h w"], list[str]]:
    """`count` random ones of the clips of one frame, with their captions."""
    which = torch.randint(len(stills.latents), (count,), generator=generator)
    return stills.latents[which], [stills.labels[i]["caption"] for i in which.tolist()]


def make_image_unet(out: Path) -> str:
    """Trains on scenes encoded by the stand-ins below `out`; writes `IMAGE_UNET`, not shipped."""
    config = ImageUNetConfig()
    base = out / "text_to_video"
    autoencoder = VideoAutoencoder.from_pretrained(base)
    size: dict[str, Any] = {"num_frames": 1, "fps": 8.0, "height": 96, "width": 176, "seed": 1}
    windows = []
    for count, stock in ((config.num_clips, False), (config.num_stock, True)):
        scenes = SoundClips(SceneClips(count, **size, stock=stock), config.seed)
        windows += encode_clips(scenes, autoencoder, 1, num_workers=0).windows
    stills = Encoded(
        torch.cat([window.latents for window in windows]),
        [label for window in windows for label in window.labels],
        skipped=[],
    )
    unet = train_image_unet(stills, PromptEncoder.from_pretrained(base), config)
    folder = IMAGE_UNET / "unet"
    unet.save_pretrained(folder)
    return f"{folder}: {sum(p.numel() for p in unet.parameters()) / 1e6:.2f} M parameters"
