"""RCAN, the residual channel attention network, with 8 residual blocks by default.

Source: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks"
(arXiv:1807.02758), section 3; VideoFactory (arXiv:2305.10874), section 3.4, says "8 residual
blocks" and gives no other size, read here as one group of 8. Parameter names are those of the
original code, so that tools which know RCAN open our weights.

Shape letters used in this file: N frames, C channels, H W low-resolution pixels, h w = 4H 4W.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from hdvg.errors import InputError

# Mean colour of DIV2K, as the original code subtracts it.
_MEAN_RGB = (0.4488, 0.4371, 0.4040)
_LEVELS = 255.0
_UPSAMPLING_STEPS = {2: 1, 4: 2, 8: 3}
# Weights of a quadratic through three neighbours at a quarter pixel: what one doubling step of the
# untrained network does along each axis.
_QUARTER_PIXEL = ((0.15625, 0.9375, -0.09375), (-0.09375, 0.9375, 0.15625))


@dataclass(frozen=True, kw_only=True)
class RCANConfig:
    """Size of the network; the original is 10 groups of 20 blocks."""

    num_groups: int = 1
    """Residual groups."""
    num_blocks: int = 8
    """Residual channel attention blocks in each group."""
    channels: int = 64
    """Feature channels."""
    reduction: int = 16
    """How many times narrower the attention's bottleneck is."""
    scale: int = 4
    """How many times larger the result is on each side: 2, 4 or 8."""

    def __post_init__(self) -> None:
        """Checks the sizes."""
        for name in ("num_groups", "num_blocks", "reduction"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.channels < max(3, self.reduction):
            raise InputError(
                f"channels must be at least 3 and at least reduction {self.reduction}, "
                f"got {self.channels}"
            )
        if self.scale not in _UPSAMPLING_STEPS:
            raise InputError(f"scale must be 2, 4 or 8, got {self.scale}")


torch.serialization.add_safe_globals([RCANConfig])


def _conv3(channels_in: int, channels_out: int) -> nn.Conv2d:
    return nn.Conv2d(channels_in, channels_out, 3, padding=1)


class MeanShift(nn.Module):
    """Adds (sign +1) or subtracts (-1) the mean colour; its numbers are buffers, never trained."""

    weight: Float[Tensor, "3 3 1 1"]
    bias: Float[Tensor, "3"]

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.eye(3)[:, :, None, None])
        self.register_buffer("bias", sign * _LEVELS * torch.tensor(_MEAN_RGB))

    def forward(self, x: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 H W"]:
        """In and out are levels of 0..255, shifted."""
        return F.conv2d(x, self.weight, self.bias)


class ChannelAttention(nn.Module):
    """Scales each channel by a gate in 0..1 computed from all channels' means over the frame."""

    def __init__(self, config: RCANConfig) -> None:
        super().__init__()
        narrow = config.channels // config.reduction
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.conv_du = nn.Sequential(
            nn.Conv2d(config.channels, narrow, 1),
            nn.ReLU(),
            nn.Conv2d(narrow, config.channels, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """The gated features."""
        return x * self.conv_du(self.avg_pool(x))


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, channel attention, and the input added."""

    def __init__(self, config: RCANConfig) -> None:
        super().__init__()
        width = config.channels
        self.body = nn.Sequential(
            _conv3(width, width), nn.ReLU(), _conv3(width, width), ChannelAttention(config)
        )

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Refined features."""
        return x + self.body(x)


class ResidualGroup(nn.Module):
    """Residual blocks, a convolution, and the input added."""

    def __init__(self, config: RCANConfig) -> None:
        super().__init__()
        blocks = [ResidualBlock(config) for _ in range(config.num_blocks)]
        self.body = nn.Sequential(*blocks, _conv3(config.channels, config.channels))

    def forward(self, x: Float[Tensor, "N C H W"]) -> Float[Tensor, "N C H W"]:
        """Refined features."""
        return x + self.body(x)


class RCAN(nn.Module):
    """Low-resolution frames to frames `scale` times larger on each side.

    Everything up to `tail` sees the whole frame, because channel attention averages over it; the
    tail is local, so large frames can pass it in strips with exactly the same result.
    """

    def __init__(self, config: RCANConfig = RCANConfig()) -> None:
        super().__init__()
        self.config = config
        width = config.channels
        groups = [ResidualGroup(config) for _ in range(config.num_groups)]
        doublings = [_conv3(width, 4 * width) for _ in range(_UPSAMPLING_STEPS[config.scale])]
        shuffled = [layer for conv in doublings for layer in (conv, nn.PixelShuffle(2))]
        to_features, refine, to_rgb = _conv3(3, width), _conv3(width, width), _conv3(width, 3)
        _start_as_interpolation(to_features, refine, doublings, to_rgb)
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(to_features)
        self.body = nn.Sequential(*groups, refine)
        self.tail = nn.Sequential(nn.Sequential(*shuffled), to_rgb)
        self.add_mean = MeanShift(+1)
        # Two to three times faster on a CPU, a third on a GPU; results and files do not change.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, frames: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N C H W"]:
        """Everything before the upsampling; frames are RGB in [0, 1]."""
        levels = (frames * _LEVELS).contiguous(memory_format=torch.channels_last)
        shallow = self.head(self.sub_mean(levels))
        return shallow + self.body(shallow)

    def enlarge(self, features: Float[Tensor, "N C H W"]) -> Float[Tensor, "N 3 h w"]:
        """Features to RGB in about [0, 1], not clipped; local, so strips of a frame will do."""
        return self.add_mean(self.tail(features)) / _LEVELS

    def forward(self, frames: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 3 h w"]:
        """RGB in [0, 1] to RGB in about [0, 1], not clipped."""
        return self.enlarge(self.features(frames))


@torch.no_grad()
def _start_as_interpolation(
    to_features: nn.Conv2d, refine: nn.Conv2d, doublings: list[nn.Conv2d], to_rgb: nn.Conv2d
) -> None:
    """Sets the untrained network to smooth interpolation, carried by its first 3 channels.

    Chosen here because a network that starts from noise spends its first thousands of steps on
    learning to copy, which is the whole budget of a run on two cores. All other channels keep
    their random features, cut off only by the zeros of the last layers.
    """
    for conv in (refine, to_rgb):
        nn.init.zeros_(conv.weight)
    for conv in (to_features, refine, *doublings, to_rgb):
        if conv.bias is not None:
            nn.init.zeros_(conv.bias)
    taps = torch.tensor(_QUARTER_PIXEL)
    doubling = torch.einsum("pi,qj->pqij", taps, taps).reshape(4, 3, 3)
    to_features.weight[:3] = 0
    for c in range(3):
        to_features.weight[c, c, 1, 1] = 1
        to_rgb.weight[c, c, 1, 1] = 1
        for conv in doublings:
            conv.weight[4 * c : 4 * c + 4] = 0
            conv.weight[4 * c : 4 * c + 4, c] = doubling
