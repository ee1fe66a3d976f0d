"""Between frames as files have them (uint8 or uint16, perhaps with alpha) and as the network does.

Shape letters used in this file: H W pixels, h w of the large frame.
"""

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from hdvg.deep_video import Levels


def to_network(levels: Levels) -> Float[Tensor, "3 H W"]:
    """The colours as floats in [0, 1]."""
    return _as_floats(levels[..., :3])


def from_network(large: Float[Tensor, "3 h w"], small: Levels) -> Levels:
    """Rounds an upscaled frame to the type of the frame that it was made of.

    Alpha is enlarged by bicubic interpolation, chosen here, because the network has learned
    photographs, and a matte is none: it must not gain texture.

    Args:
        large: The network's result in [0, 1].
        small: What the network was given, [H, W, 3 or 4].

    Returns:
        [h, w, 3 or 4].
    """
    if small.shape[2] == 4:
        size = large.shape[1:]
        alpha = F.interpolate(_as_floats(small[..., 3:])[None], size=size, mode="bicubic")
        large = torch.cat([large, alpha[0].clamp(0, 1)])
    top = np.iinfo(small.dtype).max
    scaled = large.permute(1, 2, 0) * top
    rounded = scaled.round_().numpy()
    if small.dtype == np.uint8:
        return rounded.astype(np.uint8)
    return rounded.astype(np.uint16)


def _as_floats(levels: Levels) -> Float[Tensor, "_ H W"]:
    top = np.iinfo(levels.dtype).max
    return torch.from_numpy(levels.astype(np.float32) / top).permute(2, 0, 1)
