"""Sensor noise: Gaussian or Poisson, in colour or in gray.

Each image has a seed of its own, so its noise does not depend on what else is in the batch; one
gray field shared by a whole batch is a fault that several trainers have inherited.

Source: arXiv:2107.10833, section 3.2. Shape letters used in this file: C channels, H W pixels.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

# ITU-R BT.601 luma.
_LUMA = (0.299, 0.587, 0.114)


def add_gaussian(
    image: Float[Tensor, "3 H W"], sigma: float, is_gray: bool, seed: int
) -> Float[Tensor, "3 H W"]:
    """Adds white noise and clips to [0, 1].

    Args:
        image: About [0, 1]; what a resize threw beyond it is clipped after the noise, not before.
        sigma: Standard deviation in levels of 0..255.
        is_gray: Whether the channels share one field.
        seed: Of this image's noise.
    """
    channels = 1 if is_gray else 3
    generator = torch.Generator().manual_seed(seed)
    field = torch.randn(channels, *image.shape[1:], generator=generator)
    return (image + field.to(image) * (sigma / 255.0)).clamp(0.0, 1.0)


def add_poisson(
    image: Float[Tensor, "3 H W"], strength: float, is_gray: bool, seed: int
) -> Float[Tensor, "3 H W"]:
    """Adds shot noise and clips to [0, 1].

    The number of photons at full white is the number of distinct 8-bit levels in the image,
    rounded up to a power of two: flat images are noisy, rich ones less so.

    Args:
        image: About [0, 1]; beyond it there are no photons to count.
        strength: Factor on the noise; 1 is physical.
        is_gray: Whether the channels share the noise of the luma.
        seed: Of this image's noise.
    """
    signal = image
    if is_gray:
        weights = torch.tensor(_LUMA, dtype=image.dtype, device=image.device)
        signal = torch.einsum("c,chw->hw", weights, image)[None]
    levels = (signal * 255.0).round().clamp(0, 255)
    photons = 2.0 ** math.ceil(math.log2(_count_levels(levels)))
    rate = levels / 255.0 * photons
    generator = torch.Generator().manual_seed(seed)
    counted = torch.poisson(rate.float().cpu(), generator=generator).to(image)
    return (image + strength * (counted - rate) / photons).clamp(0.0, 1.0)


def _count_levels(levels: Float[Tensor, "C H W"]) -> int:
    return int(torch.count_nonzero(torch.bincount(levels.long().flatten(), minlength=256)))
