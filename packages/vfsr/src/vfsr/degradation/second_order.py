"""The second-order degradation: blur, resize, noise, JPEG, all of it twice, and a final sinc.

Source: arXiv:2107.10833, section 3.3 and figure 2. Shape letters used in this file: N images,
H W pixels of the clean frames, h w = H / scale, W / scale, K kernel width.
"""

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
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

Reconstruct = Callable[[Float[Tensor, "M 3 h w"]], Float[Tensor, "M 3 h w"]]
"""Small frames in [0, 1] through a model and back."""


def degrade(
    hr: Float[Tensor, "N 3 H W"],
    params: DegradationParams | None = None,
    *,
    generator: torch.Generator | None = None,
    config: DegradationConfig | None = None,
    reconstruct: Reconstruct | None = None,
) -> Float[Tensor, "N 3 h w"]:
    """Makes the low-resolution frames that a network learns to undo.

    An image's result depends on its own draws alone, so a batch may be split at will.

    Args:
        hr: RGB in [0, 1]; H and W multiples of the scale.
        params: What to do to each image, as `sample_params` drew it or a log gave it back. None
            draws it here, from generator and config.
        generator: The only source of chance, on the CPU; equal generators give equal bits.
        config: What to draw from; None is Real-ESRGAN x4plus.
        reconstruct: A model that small frames pass through at the end, where the draws say so, such
            as a video model's autoencoder: [M, 3, h, w] in [0, 1] to the same. It must not hold a
            random state of its own if results are to be repeated.

    Returns:
        RGB in [0, 1] on the 8-bit grid (k / 255).

    Raises:
        InputError: H or W is not a multiple of the scale, values lie outside [0, 1], both or
            neither of params and generator are given, or the draws ask for a model that is not.
    """
    if params is None:
        if generator is None:
            raise InputError("degrade needs params, or a generator to draw them from")
        params = sample_params(generator, len(hr), config or DegradationConfig())
    elif generator is not None or config is not None:
        raise InputError("degrade takes params, or generator and config, not both")
    _check(hr, params)
    small = hr.new_empty(
        len(hr), 3, hr.shape[2] // params.scale, hr.shape[3] // params.scale, dtype=torch.float32
    )
    kernels = [
        render_kernels(blur) for blur in (params.first.blur, params.second.blur, params.final_blur)
    ]
    # One by one, because each passes through sizes of its own.
    for i, image in enumerate(hr.float()):
        row = params.take(slice(i, i + 1))
        small[i] = _degrade_one(image, row, [rendered[i] for rendered in kernels])
    if params.reconstruct.any():
        small = _pass_through(small, params.reconstruct, reconstruct)
    return small


def _check(hr: Float[Tensor, "N 3 H W"], params: DegradationParams) -> None:
    height, width = hr.shape[-2:]
    if height % params.scale or width % params.scale or not height or not width:
        raise InputError(
            f"frames must be multiples of the scale {params.scale} in size, got {height}x{width}"
        )
    if len(hr) != len(params):
        raise InputError(f"params for {len(params)} images cannot be applied to {len(hr)}")
    if len(hr) and not (hr.min() >= 0 and hr.max() <= 1):
        raise InputError(f"frames must lie in [0, 1], got {hr.min():.3g} .. {hr.max():.3g}")


def _pass_through(
    small: Float[Tensor, "N 3 h w"], chosen: Bool[Tensor, "N"], reconstruct: Reconstruct | None
) -> Float[Tensor, "N 3 h w"]:
    if reconstruct is None:
        raise InputError("this degradation needs a model to pass frames through: reconstruct=...")
    result = small.clone()
    result[chosen.to(small.device)] = _to_grid(reconstruct(small[chosen.to(small.device)]))
    return result


def _to_grid(frames: Float[Tensor, "*N 3 h w"]) -> Float[Tensor, "*N 3 h w"]:
    return (frames.clamp(0, 1) * 255).round() / 255


def _degrade_one(
    image: Float[Tensor, "3 H W"], params: DegradationParams, kernels: list[Float[Tensor, "K K"]]
) -> Float[Tensor, "3 h w"]:
    final_size = image.shape[1] // params.scale, image.shape[2] // params.scale
    first, second, final = kernels
    image = _blur(image, params.first.blur, first)
    image = _resize_and_add_noise(image, params.first, (image.shape[1], image.shape[2]))
    image = _compress(image, params.first)
    image = _blur(image, params.second.blur, second)
    image = _resize_and_add_noise(image, params.second, final_size)
    if not params.jpeg_last:
        image = _compress(image, params.second)
    image = resize_image(image, final_size, int(params.final_mode))
    image = _blur(image, params.final_blur, final)
    if params.jpeg_last:
        image = _compress(image, params.second)
    return _to_grid(image)


def _blur(
    image: Float[Tensor, "3 H W"], blur: BlurParams, kernel: Float[Tensor, "K K"]
) -> Float[Tensor, "3 H W"]:
    if blur.family.item() == NO_BLUR:
        return image
    return blur_image(image, kernel, int(blur.width))


def _resize_and_add_noise(
    image: Float[Tensor, "3 H W"], stage: StageParams, unit_size: tuple[int, int]
) -> Float[Tensor, "3 h2 w2"]:
    """Resizes to unit_size times the drawn factor, so that "keep" means unit_size itself."""
    size = scaled_size(*unit_size, float(stage.resize_factor))
    image = resize_image(image, size, int(stage.resize_mode))
    add = add_gaussian if stage.noise_is_gaussian else add_poisson
    return add(image, float(stage.noise_level), bool(stage.noise_is_gray), int(stage.noise_seed))


def _compress(image: Float[Tensor, "3 H W"], stage: StageParams) -> Float[Tensor, "3 H W"]:
    return jpeg_round_trip(image[None], stage.jpeg_quality.float())[0]
