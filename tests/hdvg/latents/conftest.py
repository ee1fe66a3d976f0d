"""Settings of a small latent family."""

import numpy as np
import pytest

from hdvg.latents.latent_settings import LatentSettings


@pytest.fixture
def settings():
    """Of latents of 4 channels and 2x3 cells, 8 frames a second, in half precision."""
    return LatentSettings(
        autoencoder="stand-in",
        autoencoder_sha256="0" * 64,
        height=16,
        width=24,
        fps=8.0,
        channels=4,
        latent_height=2,
        latent_width=3,
        dtype="float16",
    )


class BlockMeans:
    """An encoder of 8x8 cells: mean red, green and blue of a cell, and their mean, in 0..1."""

    def encode(self, frames):
        """RGB [T, 3, H, W] to float32 [T, 4, H / 8, W / 8]."""
        count, _, height, width = frames.shape
        cells = frames.reshape(count, 3, height // 8, 8, width // 8, 8) / np.float32(255)
        colours = cells.mean(axis=(3, 5), dtype=np.float32)
        return np.concatenate([colours, colours.mean(axis=1, keepdims=True)], axis=1)


@pytest.fixture
def block_means():
    """Gives latents that `settings` describes."""
    return BlockMeans()
