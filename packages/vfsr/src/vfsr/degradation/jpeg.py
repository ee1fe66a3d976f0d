"""JPEG as libjpeg does it (baseline, 4:2:0), in batched tensors and with one quality an image.

Every rounding that libjpeg makes is made here in the same place, because agreement with a real
codec is what the network is meant to learn: integer tables, 8-bit YCbCr, biased 2x2 chroma means,
rounded coefficients, and triangle ("fancy") chroma upsampling.

Source: ITU-T T.81 annexes A and K; the quality scale and the upsampling filter are libjpeg's.

Shape letters used in this file: N images, C channels, H W pixels, h w blocks, B = 8 block side.
"""

import math
from functools import cache

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

_BLOCK = 8
# T.81 tables K.1 and K.2; rows are vertical frequencies.
_LUMA_TABLE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
_CHROMA_TABLE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
    (99, 99, 99, 99, 99, 99, 99, 99),
)
# JFIF: full-range BT.601.
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)


def jpeg_round_trip(
    images: Float[Tensor, "N 3 H W"], quality: Float[Tensor, "N"]
) -> Float[Tensor, "N 3 H W"]:
    """Compresses and decompresses.

    Args:
        images: RGB in [0, 1]; rounded to 8 bits on the way in.
        quality: In 1..100 as libjpeg counts; fractions are allowed.

    Returns:
        RGB in [0, 1] on the 8-bit grid.
    """
    height, width = images.shape[-2:]
    ycc = _to_ycc((images.clamp(0, 1) * 255).round())
    luma_table, chroma_table = quantisation_tables(quality.to(images))
    luma = _code_plane(ycc[:, :1], luma_table)
    chroma = _code_plane(_halve(ycc[:, 1:]), chroma_table)
    chroma = _double(chroma)[..., :height, :width]
    return _to_rgb(luma, chroma) / 255


def quantisation_tables(
    quality: Float[Tensor, "N"],
) -> tuple[Float[Tensor, "N B B"], Float[Tensor, "N B B"]]:
    """The luma and chroma tables of a quality: integers in 1..255."""
    percent = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality).floor()[:, None, None]
    luma, chroma = (
        ((torch.tensor(table).to(quality) * percent + 50) / 100).floor().clamp(1, 255)
        for table in (_LUMA_TABLE, _CHROMA_TABLE)
    )
    return luma, chroma


def _code_plane(
    plane: Float[Tensor, "N C H W"], table: Float[Tensor, "N B B"]
) -> Float[Tensor, "N C H W"]:
    """Cosine transform, quantise, transform back; in and out are 0..255.

    The pixels keep their places: a transform along lines takes runs of 8 of them, one along columns
    takes bands of 8 lines, and the table repeats along a band. Cutting blocks out costs more.
    """
    n, channels, height, width = plane.shape
    padded = F.pad(plane, (0, -width % _BLOCK, 0, -height % _BLOCK), mode="replicate") - 128
    line = padded.shape[-1]
    basis = _cosine_basis().to(plane)
    along_lines = (padded.view(-1, _BLOCK) @ basis.T).view(-1, _BLOCK, line)
    steps = table.repeat(1, 1, line // _BLOCK)[:, None]
    coefficients = (basis @ along_lines).view(n, -1, _BLOCK, line) / steps
    coefficients = _round_half_away(coefficients) * steps
    along_columns = basis.T @ coefficients.view(-1, _BLOCK, line)
    pixels = (along_columns.view(-1, _BLOCK) @ basis).add_(128).round_().clamp_(0, 255)
    return pixels.view(n, channels, -1, line)[..., :height, :width]


@cache
def _cosine_basis() -> Float[Tensor, "B B"]:
    """The orthonormal 8-point DCT-II; row k is frequency k."""
    index = torch.arange(_BLOCK, dtype=torch.float64)
    basis = torch.cos(math.pi / _BLOCK * (index + 0.5)[None, :] * index[:, None]) / 2
    basis[0] /= math.sqrt(2)
    return basis.float()


def _round_half_away(values: Float[Tensor, "*_"]) -> Float[Tensor, "*_"]:
    return values.abs().add_(0.5).floor_().copysign_(values)


def _to_ycc(rgb: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
    ycc = (torch.tensor(_TO_YCC).to(rgb) @ rgb.flatten(2)).view_as(rgb)
    ycc[:, 1:] += 128
    return ycc.add_(0.5).floor_().clamp_(0, 255)


def _to_rgb(
    luma: Float[Tensor, "N 1 H W"], chroma: Float[Tensor, "N 2 H W"]
) -> Float[Tensor, "N 3 H W"]:
    blue, red = chroma[:, 0] - 128, chroma[:, 1] - 128
    # libjpeg rounds each chroma term of red and blue by itself, and those of green together.
    rgb = luma.repeat(1, 3, 1, 1)
    rgb[:, 0] += (1.402 * red).add_(0.5).floor_()
    rgb[:, 1] += (-0.344136286 * blue).sub_(red, alpha=0.714136286).add_(0.5).floor_()
    rgb[:, 2] += (1.772 * blue).add_(0.5).floor_()
    return rgb.clamp_(0, 255)


def _halve(chroma: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C h w"]:
    """Means of 2 x 2 pixels, rounded down and up in turn along a row as libjpeg does."""
    height, width = chroma.shape[-2:]
    even = F.pad(chroma, (0, width % 2, 0, height % 2), mode="replicate")
    total = (
        even[..., ::2, ::2] + even[..., 1::2, ::2] + even[..., ::2, 1::2] + even[..., 1::2, 1::2]
    )
    bias = 1 + torch.arange(total.shape[-1], device=chroma.device) % 2
    return ((total + bias) / 4).floor()


def _double(chroma: Float[Tensor, "N C h w"]) -> Float[Tensor, "N C H W"]:
    """Triangle filter: a new pixel is 3/4 of the nearer and 1/4 of the farther, both ways."""
    n, channels, height, width = chroma.shape
    large = chroma.new_empty(n, channels, height, 2, width, 2)
    padded = F.pad(chroma, (1, 1, 1, 1), mode="replicate")
    nearer = 3 * padded[:, :, 1:-1]
    for i, farther in enumerate((padded[:, :, :-2], padded[:, :, 2:])):
        lines = nearer + farther
        centre = 3 * lines[..., 1:-1]
        large[:, :, :, i, :, 0] = (centre + lines[..., :-2]).add_(8).div_(16).floor_()
        large[:, :, :, i, :, 1] = (centre + lines[..., 2:]).add_(7).div_(16).floor_()
    return large.view(n, channels, 2 * height, 2 * width)
