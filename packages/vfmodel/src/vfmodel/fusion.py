"""How spatial and temporal features meet where there is no Swap-CA, and how motion skips a resize.

Shape letters: F frames, C channels, H and W latent height and width.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, conv2d, interpolate


class Fuse(nn.Module):
    """A 1x1 convolution over both streams that starts as their sum.

    Source: VideoFactory, figure 3 (fusion everywhere but at the end of a block). The weight [I | I]
    makes it the "basic addition" that the image model is undisturbed by.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        identity = torch.eye(channels)
        self.weight = nn.Parameter(torch.cat([identity, identity], dim=1)[:, :, None, None])
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(
        self, spatial: Float[Tensor, "F C H W"], temporal: Float[Tensor, "F C H W"]
    ) -> Float[Tensor, "F C H W"]:
        """Mixes the channels of both streams at each place."""
        # Two products instead of one over a concatenation, which would be a copy of both.
        from_spatial, from_temporal = self.weight.chunk(2, dim=1)
        return conv2d(spatial, from_spatial, self.bias) + conv2d(temporal, from_temporal)


class TemporalSkip(nn.Module):
    """Carries the temporal stream past a spatial down- or upsampling to the next temporal module.

    Source: VideoFactory, "temporal skip connections". How the sizes are matched is chosen here:
    average pooling down ("pool") or the nearest neighbour ("nearest"), nearest neighbour up, and a
    1x1 convolution that starts at zero.
    """

    def __init__(
        self, in_channels: int, out_channels: int, shrink: Literal["pool", "nearest"] = "pool"
    ) -> None:
        super().__init__()
        self.shrink = shrink
        self.proj = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        nn.init.zeros_(self.proj.weight)

    def forward(
        self, temporal: Float[Tensor, "F Cin Hin Win"], size: tuple[int, int]
    ) -> Float[Tensor, "F Cout H W"]:
        """Brings `temporal` to another height and width."""
        shrinks = size[0] * size[1] < temporal.shape[2] * temporal.shape[3]
        if shrinks and self.shrink == "pool":
            return self.proj(adaptive_avg_pool2d(temporal, size))
        return interpolate(self.proj(temporal), size=size)
