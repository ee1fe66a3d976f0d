"""Trains the stand-in autoencoder: diffusers' AutoencoderKL, factor 8, on rendered frames."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional

from hdvg.errors import InputError
from vfmodel.scene_clips import random_frames, recoloured_frames
from vfmodel.stand_in_training.block_means import start_as_block_means

LOG = logging.getLogger(__name__)

# A seed to uint8 frames [N, 3, H, W]; the trainer does not know where pictures come from.
FrameSource = Callable[[int], Tensor]


@dataclass(frozen=True, kw_only=True)
class VAETrainingConfig:
    """How the stand-in autoencoder is trained; sizes are chosen here for two CPU cores."""

    channels: tuple[int, ...] = (16, 32, 64, 64)
    """Channels at each level; three downsamplings make the factor 8 of Stable Diffusion's VAE."""
    num_steps: int = 5000
    """Optimiser steps."""
    lr: float = 1e-3
    """Peak learning rate of AdamW; linear warm-up over 50 steps, then a cosine to zero."""
    kl_weight: float = 3e-5
    """Weight of the mean KL divergence per latent element, against L1 in [-1, 1] pixels; with 3e-4
    two of the four channels died."""
    edge_weight: float = 0.5
    """Weight of the L1 between finite differences, which keeps the outlines of objects sharp."""
    seed: int = 0
    """Seeds the weights and the posterior samples."""

    def __post_init__(self) -> None:
        if len(self.channels) != 4:
            raise InputError(f"channels must have 4 levels (factor 8), got {self.channels}")
        if self.num_steps < 1:
            raise InputError(f"num_steps must be positive, got {self.num_steps}")


def build_vae(channels: tuple[int, ...]) -> AutoencoderKL:
    """An untrained AutoencoderKL with one downsampling fewer than there are `channels`."""
    levels = len(channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,  # more of them would normalise a frame's mean colour away
        sample_size=96,
        mid_block_add_attention=False,
    )


def edge_loss(
    prediction: Float[Tensor, "N 3 H W"], target: Float[Tensor, "N 3 H W"]
) -> Float[Tensor, ""]:
    """Mean L1 between horizontal and vertical finite differences."""
    difference = prediction - target
    return difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()


def cosine_warmup(step: int, num_steps: int, warmup_steps: int) -> float:
    """Learning-rate factor in [0, 1]: linear to 1 over `warmup_steps`, then a half cosine to 0."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, num_steps - warmup_steps)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))


def to_signed(frames: UInt8[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
    """uint8 RGB to floats in [-1, 1]."""
    return frames.float() / 127.5 - 1.0


def train_vae(source: FrameSource, config: VAETrainingConfig) -> AutoencoderKL:
    """Trains on `source(step)` and sets the scaling factor so that latents have unit variance.

    The objective is L1 + edges + a small KL, without a discriminator: the corpus has no fine
    detail that would need one (chosen here). Tensors stay in the default memory format: with
    channels last, the bf16 backward of group norm is ten times slower on a CPU (torch 2.13).
    """
    torch.manual_seed(config.seed)
    vae = build_vae(config.channels)
    start_as_block_means(vae)
    optimiser = torch.optim.AdamW(
        vae.parameters(), lr=config.lr, betas=(0.9, 0.99), weight_decay=1e-4
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: cosine_warmup(step, config.num_steps, warmup_steps=50)
    )
    for step in range(config.num_steps):
        pixels = to_signed(source(step))
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(pixels).latent_dist
            decoded = vae.decode(posterior.sample()).sample.float()
        l1 = functional.l1_loss(decoded, pixels)
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        loss = l1 + config.edge_weight * edge_loss(decoded, pixels) + config.kl_weight * kl
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            LOG.info("vae step %d: l1 %.4f, kl %.3f", step, l1.item(), kl.item())
    vae.eval()
    vae.register_to_config(scaling_factor=measure_scaling_factor(vae, source))
    return vae


@torch.no_grad()
def measure_scaling_factor(vae: AutoencoderKL, source: FrameSource, batches: int = 8) -> float:
    """1 / standard deviation of the latents, Rombach et al. (2022), appendix G."""
    latents = torch.cat(
        [vae.encode(to_signed(source(10**6 + i))).latent_dist.mean for i in range(batches)]
    )
    return round(1.0 / latents.std().item(), 5)


@torch.no_grad()
def reconstruction_psnr_db(vae: AutoencoderKL, frames: UInt8[Tensor, "N 3 H W"]) -> float:
    """Mean over frames of the PSNR in dB between frames and their reconstructions, range [0, 1]."""
    pixels = frames.float() / 255.0
    decoded = vae.decode(vae.encode(to_signed(frames)).latent_dist.mean).sample
    decoded = (decoded.clamp(-1.0, 1.0) + 1.0) / 2.0
    mse = (decoded - pixels).square().flatten(1).mean(1)
    return float((-10.0 * mse.clamp_min(1e-10).log10()).mean())


def make_vae(out: Path) -> str:
    """Trains on rendered frames, writes `out/text_to_video/vae`, and says how well it decodes."""
    config = VAETrainingConfig()

    def frames(step: int, count: int = 8) -> Tensor:
        wide = recoloured_frames(config.seed + 1 + step, count, 96, 176, num_stock=count // 3)
        # Every crop on the grid of the latents: there the watermark always looks the same.
        left, top = step * 37 % 15 * 8, step * 17 % 5 * 8
        return torch.from_numpy(wide[:, :, top : top + 64, left : left + 64].copy())

    vae = train_vae(frames, config)
    unseen, _ = random_frames(2**30, 64, 96, 176, num_stock=16)
    psnr = reconstruction_psnr_db(vae, torch.from_numpy(unseen))
    folder = out / "text_to_video" / "vae"
    vae.half().save_pretrained(folder)
    return f"{folder}: reconstruction PSNR of 64 unseen frames {psnr:.1f} dB"
