"""The frozen autoencoder: pixels to scaled latents and back, a few frames at a time.

Pixels: [B, 3, T, H, W]; RGB; floats in [0, 1]. Latents: [B, C, T, H / factor, W / factor].
Shape letters: B batch, C latent channels, T frames, h and w latent height and width.
"""

import os
from typing import Any

import torch
from diffusers import AutoencoderKL
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.pretrained import STAND_IN_PIPELINE, load_part


class VideoAutoencoder:
    """diffusers' AutoencoderKL applied frame by frame, never trained.

    Not a torch module on purpose: held by a LightningModule it stays out of its parameters, its
    checkpoints and its averaged copy.
    """

    def __init__(self, vae: AutoencoderKL, chunk_frames: int = 8) -> None:
        if chunk_frames < 1:
            raise InputError(f"chunk_frames must be positive, got {chunk_frames}")
        self.vae = vae.requires_grad_(False).eval()
        self.chunk_frames = chunk_frames

    @classmethod
    def from_pretrained(
        cls, source: str | os.PathLike[str] = STAND_IN_PIPELINE
    ) -> "VideoAutoencoder":
        """Loads the part "vae" of a diffusers folder or hub id, in float32.

        Raises:
            InputError: It cannot be loaded.
        """
        return cls(load_part(AutoencoderKL, source, "vae", dtype=torch.float32))

    @property
    def factor(self) -> int:
        """Pixels a latent cell is wide and high."""
        return 2 ** (len(self.vae.config.block_out_channels) - 1)

    @property
    def latent_channels(self) -> int:
        """Channels of a latent."""
        return int(self.vae.config.latent_channels)

    def to(self, device: torch.device) -> "VideoAutoencoder":
        """Moves the weights."""
        self.vae.to(device)
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "VideoAutoencoder":
        """The weights never change, so every copy may share them."""
        return self

    def check_size(self, height: int, width: int) -> None:
        """Refuses a size in pixels that is not a whole number of latent cells.

        Raises:
            InputError: Height or width is not a multiple of `factor`.
        """
        for name, value in (("height", height), ("width", width)):
            if value < self.factor or value % self.factor:
                raise InputError(
                    f"{name} {value} is not a multiple of {self.factor}, as latents need"
                )

    @torch.no_grad()
    def encode(self, pixels: Float[Tensor, "B 3 T H W"]) -> Float[Tensor, "B C T h w"]:
        """Latents with about unit variance: the posterior's mean times the scaling factor.

        The mean rather than a sample, so that a clip has one latent and can be encoded once.
        """
        self.check_size(*pixels.shape[-2:])
        frames = rearrange(pixels, "b c t h w -> (b t) c h w") * 2.0 - 1.0
        means = [
            self.vae.encode(part).latent_dist.mean
            for part in torch.split(frames, self.chunk_frames)
        ]
        latents = torch.cat(means) * self.vae.config.scaling_factor
        return rearrange(latents, "(b t) c h w -> b c t h w", b=len(pixels))

    @torch.no_grad()
    def decode(self, latents: Float[Tensor, "B C T h w"]) -> Float[Tensor, "B 3 T H W"]:
        """Pixels, clipped to [0, 1]."""
        frames = rearrange(latents, "b c t h w -> (b t) c h w") / self.vae.config.scaling_factor
        parts = [self.vae.decode(part).sample for part in torch.split(frames, self.chunk_frames)]
        pixels = (torch.cat(parts) / 2.0 + 0.5).clamp(0.0, 1.0)
        return rearrange(pixels, "(b t) c h w -> b c t h w", b=len(latents))
