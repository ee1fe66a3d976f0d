"""A term of the loss against flicker: two views of a moving scene are to become the same picture.

The motion is made, not estimated: two crops of one clean frame, degraded alike but for the noise,
so that what moved and how far is known to the pixel. Real films add nothing to that but errors.

Shape letters used in this file: N crops, h w pixels of the large ones.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

# Large pixels at the edges of a crop, where zeros beyond it tell both views different things.
_EDGE = 8


def consistency_loss(
    result: Float[Tensor, "N 3 h w"], motion: Int[Tensor, "M 2"]
) -> Float[Tensor, ""]:
    """Mean absolute difference of what both views show.

    Args:
        result: Views in pairs: 0 and 1, 2 and 3 and so on.
        motion: For each pair how far, down and right, the second view lies from the first.
    """
    return torch.stack(
        [
            (_part(first, down, right) - _part(second, -down, -right)).abs().mean()
            for first, second, (down, right) in zip(
                result[::2], result[1::2], motion.tolist(), strict=True
            )
        ]
    ).mean()


def _part(view: Float[Tensor, "3 h w"], down: int, right: int) -> Float[Tensor, "3 h2 w2"]:
    """What a view shares with one that lies further down and right, without its edges."""
    height, width = view.shape[1:]
    rows = slice(max(0, down) + _EDGE, height + min(0, down) - _EDGE)
    columns = slice(max(0, right) + _EDGE, width + min(0, right) - _EDGE)
    return view[:, rows, columns]
