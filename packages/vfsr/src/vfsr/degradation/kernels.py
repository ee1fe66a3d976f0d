"""Blur kernels, and blurring with them.

Source: arXiv:2107.10833, section 3.2 (Gaussian, generalised, plateau) and section 3.4, equation 6
(sinc). The exponents act on the quadratic form q = x^T S^-1 x, S = R diag(sx^2, sy^2) R^T.

Shape letters used in this file: N images, K kernel width, H W pixels, h w with a border, L indices.
"""

import math
from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float, Float32, Float64, Int64
from torch import Tensor

from vfsr.degradation.config import KERNEL_WIDTH
from vfsr.degradation.params import (
    GAUSSIAN_ISO,
    GENERALISED_ANISO,
    GENERALISED_ISO,
    NO_BLUR,
    PLATEAU_ANISO,
    PLATEAU_ISO,
    SINC,
    BlurParams,
)


def render_kernels(blur: BlurParams) -> Float32[Tensor, "N K K"]:
    """Renders one kernel an image; each sums to 1 and is zero outside its own width."""
    half = KERNEL_WIDTH // 2
    axis = torch.arange(-half, half + 1, dtype=torch.float64)
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    form = _quadratic_form(blur, x, y)
    family = blur.family[:, None, None]
    beta = blur.beta[:, None, None]
    generalised = torch.exp(-0.5 * form**beta)
    plateau = 1.0 / (1.0 + form**beta)
    values = torch.exp(-0.5 * form)
    is_generalised = (family == GENERALISED_ISO) | (family == GENERALISED_ANISO)
    is_plateau = (family == PLATEAU_ISO) | (family == PLATEAU_ANISO)
    values = torch.where(is_generalised, generalised, values)
    values = torch.where(is_plateau, plateau, values)
    values = torch.where(family == SINC, _sinc(blur, torch.hypot(x, y)), values)
    values = torch.where(family == NO_BLUR, ((x == 0) & (y == 0)).double(), values)
    inside = torch.maximum(x.abs(), y.abs()) <= (blur.width // 2)[:, None, None]
    values = values * inside
    return (values / values.sum(dim=(1, 2), keepdim=True)).float()


def _quadratic_form(
    blur: BlurParams, x: Float64[Tensor, "K K"], y: Float64[Tensor, "K K"]
) -> Float64[Tensor, "N K K"]:
    isotropic = (blur.family == GAUSSIAN_ISO) | (blur.family == GENERALISED_ISO)
    isotropic |= blur.family == PLATEAU_ISO
    sigma_y = torch.where(isotropic, blur.sigma_x, blur.sigma_y)[:, None, None]
    sigma_x = blur.sigma_x[:, None, None]
    cos, sin = blur.theta.cos()[:, None, None], blur.theta.sin()[:, None, None]
    along, across = cos * x + sin * y, cos * y - sin * x
    return (along / sigma_x) ** 2 + (across / sigma_y) ** 2


def _sinc(blur: BlurParams, radius: Float64[Tensor, "K K"]) -> Float64[Tensor, "N K K"]:
    """The ideal circular low-pass, w J1(w r) / (2 pi r), whose limit at 0 is w^2 / (4 pi)."""
    cutoff = blur.cutoff[:, None, None]
    away = radius.clamp(min=1.0)  # the grid has no radius strictly between 0 and 1
    ring = cutoff * torch.special.bessel_j1(cutoff * away) / (2 * math.pi * away)
    return torch.where(radius == 0, cutoff**2 / (4 * math.pi), ring)


def blur_image(
    image: Float[Tensor, "3 H W"], kernel: Float[Tensor, "K K"], width: int
) -> Float[Tensor, "3 H W"]:
    """Correlates each channel with the kernel, the border mirrored about its last pixel.

    Args:
        image: Any range.
        kernel: Zero outside its central width x width square, which alone is read.
        width: Odd, at most K.
    """
    margin = (kernel.shape[-1] - width) // 2
    kernel = kernel[margin : margin + width, margin : margin + width].to(image)
    padded = _pad_mirrored(image, width // 2)
    # By Fourier transform: five times faster here than a convolution of one channel by up to
    # 21 x 21 taps, and equal to it within 1e-6.
    size = _fast_length(padded.shape[1]), _fast_length(padded.shape[2])
    spectrum = torch.fft.rfft2(padded, s=size) * torch.fft.rfft2(kernel, s=size).conj()
    return torch.fft.irfft2(spectrum, s=size)[:, : image.shape[1], : image.shape[2]]


def _pad_mirrored(image: Float[Tensor, "3 H W"], margin: int) -> Float[Tensor, "3 h w"]:
    """The image with a mirrored border."""
    if margin < min(image.shape[1:]):
        return F.pad(image, (margin, margin, margin, margin), mode="reflect")
    rows = mirrored(image.shape[1], margin).to(image.device)
    columns = mirrored(image.shape[2], margin).to(image.device)
    return image[:, rows][:, :, columns]


@cache
def _fast_length(length: int) -> int:
    """The next length without prime factors above 5, which Fourier transforms are fast at."""
    for candidate in range(length, 2 * length):
        rest = candidate
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return candidate
    return length


def mirrored(length: int, margin: int) -> Int64[Tensor, "L"]:
    """Indices -margin .. length + margin - 1, folded back at both ends as often as needed.

    `F.pad(mode="reflect")`, ten times faster, refuses margins as large as the image.
    """
    period = max(2 * (length - 1), 1)
    index = torch.arange(-margin, length + margin).remainder(period)
    return torch.minimum(index, period - index) if length > 1 else torch.zeros_like(index)
