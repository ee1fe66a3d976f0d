"""The autoencoder as the pass over a dataset uses it: clips in, latents out, in numpy.

Shape letters: T frames, C latent channels, h and w latent height and width.
"""

import numpy as np
import numpy.typing as npt
import torch

from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentSettings
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.fingerprint import fingerprint
from vfmodel.latent_clips import to_pixels


class LatentEncoder:
    """Encodes as training does on the fly (`VideoDiffusion.latents_of`), to the bit on a CPU.

    Kernels add up in another order for another number of frames, so the last frames of a clip are
    filled up to a whole chunk, as training's batches consist of.
    """

    def __init__(self, autoencoder: VideoAutoencoder, device: str) -> None:
        self._device = torch.device(device)
        self._autoencoder = autoencoder.to(self._device)

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """RGB [T, 3, H, W] in 0..255 to latents [T, C, h, w]."""
        short = -len(frames) % self._autoencoder.chunk_frames
        filled = np.concatenate([frames, frames[-1:].repeat(short, axis=0)])
        video = torch.from_numpy(filled)[None].to(self._device)
        latents = self._autoencoder.encode(to_pixels(video))[0, :, : len(frames)]
        encoded: npt.NDArray[np.float32] = latents.transpose(0, 1).cpu().numpy()
        return encoded


def load_encoder(base: str, sha256: str, device: str) -> LatentEncoder:
    """Loads the part "vae" of a model folder or hub id onto a device.

    Args:
        base: The model, as the machine knows it that this runs on.
        sha256: The fingerprint that it must have.
        device: "cpu" or "cuda".

    Raises:
        InputError: It cannot be loaded, or is another one here.
    """
    autoencoder = VideoAutoencoder.from_pretrained(base)
    if fingerprint(autoencoder.vae) != sha256:
        raise InputError(f"the autoencoder of {base} is another one on this machine")
    return LatentEncoder(autoencoder, device)


def describe_latents(
    base: str, *, height: int, width: int, fps: float, dtype: str
) -> LatentSettings:
    """What the latents of frames of a size would be.

    Args:
        base: Model folder or hub id.
        height: Of the frames in pixels.
        width: Of the frames in pixels.
        fps: Frames encoded a second.
        dtype: "float16" or "float32".

    Raises:
        InputError: The autoencoder cannot be loaded, or the size is no whole number of its cells.
    """
    autoencoder = VideoAutoencoder.from_pretrained(base)
    autoencoder.check_size(height, width)
    return LatentSettings(
        autoencoder=base.rstrip("/").rsplit("/", 1)[-1],
        autoencoder_sha256=fingerprint(autoencoder.vae),
        height=height,
        width=width,
        fps=fps,
        channels=autoencoder.latent_channels,
        latent_height=height // autoencoder.factor,
        latent_width=width // autoencoder.factor,
        dtype="float16" if dtype == "float16" else "float32",
    )
