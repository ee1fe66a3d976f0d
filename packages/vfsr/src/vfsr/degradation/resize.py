"""Resizing as Real-ESRGAN does it: area, bilinear or bicubic, without antialiasing.

Shape letters used in this file: H W before, h w after.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vfsr.degradation.params import RESIZE_MODES


def scaled_size(height: int, width: int, factor: float) -> tuple[int, int]:
    """Both sides times the factor, rounded down, at least 1."""
    return max(1, int(height * factor)), max(1, int(width * factor))


def resize_image(
    image: Float[Tensor, "3 H W"], size: tuple[int, int], mode: int
) -> Float[Tensor, "3 h w"]:
    """Resizes to (height, width); `mode` is an index into RESIZE_MODES.

    The result spans exactly the same field as the input. Real-ESRGAN passes the factor instead,
    which after rounding the size drops up to one pixel at the right and bottom and so shifts the
    pair against each other. The aliasing of the shrinking modes is part of the look it models.
    """
    if tuple(image.shape[1:]) == size:
        return image
    name = RESIZE_MODES[mode]
    corners = None if name == "area" else False
    return F.interpolate(image[None], size=size, mode=name, align_corners=corners)[0]
