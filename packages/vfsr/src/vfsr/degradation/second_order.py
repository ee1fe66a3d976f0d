"""The second-order degradation: blur, resize, noise, JPEG, all of it twice, and a final sinc.

Source: arXiv:2107.10833, section 3.3 and figure 2. Shape letters used in this file: N images,
H W pixels of the clean frames, h w = H / scale, W / scale.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.jpeg import jpeg_round_trip
from vfsr.degradation.kernels import blur_image, render_kernels
from vfsr.degradation.noise import add_gaussian, add_poisson
from vfsr.degradation.params import (
    NO_BLUR,
    BlurParams,
    DegradationParams,
    StageParams,
    sample_params,
)
from vfsr.degradation.resize import resize_image, scaled_size


def degrade(
    hr: Float[Tensor, "N 3 H W"],
    *,
    generator: torch.Generator,
    config: DegradationConfig = DegradationConfig(),
) -> Float[Tensor, "N 3 h w"]:
    """Makes the low-resolution frames that a network learns to undo.

    Args:
        hr: RGB in [0, 1]; H and W multiples of the scale.
        generator: The only source of chance, on the CPU; equal generators give equal bits.
        config: The knobs.

    Returns:
        RGB in [0, 1] on the 8-bit grid (k / 255).

    Raises:
        InputError: H or W is not a multiple of the scale, or values lie outside [0, 1].
    """
    height, width = hr.shape[-2:]
    if height % config.scale or width % config.scale or not height or not width:
        raise InputError(
            f"frames must be multiples of the scale {config.scale} in size, got {height}x{width}"
        )
    if len(hr) and not (hr.min() >= 0 and hr.max() <= 1):
        raise InputError(f"frames must lie in [0, 1], got {hr.min():.3g} .. {hr.max():.3g}")
    return apply_params(hr, sample_params(generator, len(hr), config), config.scale)


def apply_params(
    hr: Float[Tensor, "N 3 H W"], params: DegradationParams, scale: int
) -> Float[Tensor, "N 3 h w"]:
    """Does what the draws say; an image's result depends on its own draws alone.

    Images go one by one because each passes through sizes of its own.
    """
    small = hr.new_empty(len(hr), 3, hr.shape[2] // scale, hr.shape[3] // scale)
    for i, image in enumerate(hr.float()):
        small[i] = _degrade_one(image, params.take(slice(i, i + 1)), scale)
    return small


def _degrade_one(
    image: Float[Tensor, "3 H W"], params: DegradationParams, scale: int
) -> Float[Tensor, "3 h w"]:
    final_size = image.shape[1] // scale, image.shape[2] // scale
    image = _blur(image, params.first.blur)
    image = _resize_and_add_noise(image, params.first, (image.shape[1], image.shape[2]))
    image = _compress(image, params.first)
    image = _blur(image, params.second.blur)
    image = _resize_and_add_noise(image, params.second, final_size)
    if params.jpeg_last:
        image = _resize_and_ring(image, params, final_size)
        image = _compress(image, params.second)
    else:
        image = _compress(image, params.second)
        image = _resize_and_ring(image, params, final_size)
    return (image.clamp(0, 1) * 255).round() / 255


def _blur(image: Float[Tensor, "3 H W"], blur: BlurParams) -> Float[Tensor, "3 H W"]:
    if blur.family.item() == NO_BLUR:
        return image
    return blur_image(image, render_kernels(blur)[0], int(blur.width))


def _resize_and_add_noise(
    image: Float[Tensor, "3 H W"], stage: StageParams, unit_size: tuple[int, int]
) -> Float[Tensor, "3 h2 w2"]:
    """Resizes to unit_size times the drawn factor, so that "keep" means unit_size itself."""
    size = scaled_size(*unit_size, float(stage.resize_factor))
    image = resize_image(image, size, int(stage.resize_mode)).clamp(0, 1)
    add = add_gaussian if stage.noise_is_gaussian else add_poisson
    return add(image, float(stage.noise_level), bool(stage.noise_is_gray), int(stage.noise_seed))


def _compress(image: Float[Tensor, "3 H W"], stage: StageParams) -> Float[Tensor, "3 H W"]:
    return jpeg_round_trip(image[None], stage.jpeg_quality.float())[0]


def _resize_and_ring(
    image: Float[Tensor, "3 H W"], params: DegradationParams, size: tuple[int, int]
) -> Float[Tensor, "3 h w"]:
    return _blur(resize_image(image, size, int(params.final_mode)), params.final_blur)
