"""Unsharp masking of clean frames before they are degraded, as Real-ESRGAN prepares its targets.

Source: arXiv:2107.10833, section 3.5 and its code's settings: a Gaussian of 51 taps, half of the
detail added where it exceeds 10 levels, and that decision blurred so that no edge of it shows.

Shape letters used in this file: N images, C channels, H W pixels, L a side.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from vfsr.degradation.kernels import mirrored

_RADIUS = 25
# OpenCV's rule for a kernel of 51 taps: 0.3 (25 - 1) + 0.8.
_SIGMA = 8.0
_AMOUNT = 0.5
_THRESHOLD_LEVELS = 10.0


def sharpen(frames: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
    """Sharpens what stands out by more than 10 levels.

    Args:
        frames: RGB in [0, 1].

    Returns:
        RGB in [0, 1]; a flat frame stays as it is.
    """
    detail = frames - _soften(frames)
    stands_out = (detail.abs() * 255 > _THRESHOLD_LEVELS).to(frames)
    sharper = (frames + _AMOUNT * detail).clamp(0, 1)
    return frames.lerp(sharper, _soften(stands_out))


def _soften(frames: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
    """Separable Gaussian, the border mirrored, as one matrix product along each side.

    For crops this is several times faster than any convolution of so many taps.
    """
    height, width = frames.shape[-2:]
    return _band(height).to(frames) @ frames @ _band(width).to(frames).T


def _band(length: int) -> Float[Tensor, "L L"]:
    """Row i holds the weights with which the pixels of a line enter its softened pixel i."""
    offsets = torch.arange(-_RADIUS, _RADIUS + 1)
    taps = torch.exp(-0.5 * (offsets.double() / _SIGMA) ** 2)
    # Entry i + k is where the k-th tap of pixel i falls, folded back at the borders.
    source = mirrored(length, _RADIUS).unfold(0, len(offsets), 1)
    band = torch.zeros(length, length, dtype=torch.float64)
    band.scatter_add_(1, source, (taps / taps.sum()).expand(length, -1))
    return band.float()
