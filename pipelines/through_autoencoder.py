"""Small frames through the video model's autoencoder: the errors that its upscaler has to undo.

Shape letters used in this file: N frames, H W pixels.
"""

import os
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vfmodel.autoencoder import VideoAutoencoder


class ThroughAutoencoder:
    """Encodes and decodes; holds no state but the weights, so results can be repeated."""

    def __init__(
        self, autoencoder: VideoAutoencoder, alter: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        """Takes the autoencoder, and what to do to latents [N, C, 1, h, w] on the way."""
        self.autoencoder, self.alter = autoencoder, alter

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str]) -> "ThroughAutoencoder":
        """Takes the part "vae" of a model folder or hub id.

        Raises:
            InputError: It cannot be loaded.
        """
        return cls(VideoAutoencoder.from_pretrained(source))

    @torch.no_grad()
    def __call__(self, frames: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """RGB in [0, 1] to the same, at any size: borders are repeated up to whole latent cells."""
        height, width = frames.shape[-2:]
        cell = self.autoencoder.factor
        padded = F.pad(frames, (0, -width % cell, 0, -height % cell), mode="replicate")
        latents = self.autoencoder.encode(padded[:, :, None])
        clips = self.autoencoder.decode(latents if self.alter is None else self.alter(latents))
        return clips[:, :, 0, :height, :width]
