"""RCAN, the residual channel attention network, with 8 residual blocks by default.

Source: Zhang et al., "Image Super-Resolution Using Very Deep Residual Channel Attention Networks"
(arXiv:1807.02758), section 3; VideoFactory (arXiv:2305.10874), section 3.4, says "8 residual
blocks" and gives no other size, read here as one group of 8. Parameter names are those of the
original code, so that tools which know RCAN open our weights.

Shape letters used in this file: N frames, C channels, H W low-resolution pixels, h w = 4H 4W.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from hdvg.errors import InputError

# Mean colour of DIV2K, as the original code subtracts it.
_MEAN_RGB = (0.4488, 0.4371, 0.4040)
_LEVELS = 255.0
_UPSAMPLING_STEPS = {2: 1, 4: 2, 8: 3}


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
    tail: Literal["doubling", "direct"] = "doubling"
    """How features become a large frame: by doubling their size, as the original does, which at
    x4 takes 101 of the 189 GFLOPs of a 344x192 frame, or by one convolution (3.7 GFLOPs)."""

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
        if self.tail not in ("doubling", "direct"):
            raise InputError(f"tail must be doubling or direct, got {self.tail!r}")

    @classmethod
    def preset(cls, name: str) -> "RCANConfig":
        """A size by name: "rcan-8" (the default), "rcan-10x8" or "rcan-10x20" (the original).

        The paper's "8 residual blocks" may mean 8 in all or 8 in each of the usual 10 groups; the
        second is seven times the size.

        Raises:
            InputError: No such preset.
        """
        sizes = {"rcan-8": (1, 8), "rcan-10x8": (10, 8), "rcan-10x20": (10, 20)}
        if name not in sizes:
            raise InputError(f"no RCAN preset {name!r}; there are {', '.join(sizes)}")
        groups, blocks = sizes[name]
        return cls(num_groups=groups, num_blocks=blocks)


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
        to_features, refine = _conv3(3, width), _conv3(width, width)
        _start_as_copying(to_features, refine)
        self.sub_mean = MeanShift(-1)
        self.head = nn.Sequential(to_features)
        self.body = nn.Sequential(*groups, refine)
        self.tail = _doubling_tail(config) if config.tail == "doubling" else _direct_tail(config)
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


def _doubling_tail(config: RCANConfig) -> nn.Sequential:
    """The original's: a convolution and a pixel shuffle for each doubling, then one to RGB."""
    width = config.channels
    doublings = [_conv3(width, 4 * width) for _ in range(_UPSAMPLING_STEPS[config.scale])]
    to_rgb = _conv3(width, 3)
    for conv in doublings:
        _start_as_interpolation(conv, 2)
    nn.init.zeros_(to_rgb.weight)
    _copy_colours(to_rgb)
    shuffled = [layer for conv in doublings for layer in (conv, nn.PixelShuffle(2))]
    return nn.Sequential(nn.Sequential(*shuffled), to_rgb)


def _direct_tail(config: RCANConfig) -> nn.Sequential:
    """One convolution to all sub-pixels of RGB and one pixel shuffle."""
    to_pixels = _conv3(config.channels, 3 * config.scale**2)
    nn.init.zeros_(to_pixels.weight)
    _start_as_interpolation(to_pixels, config.scale)
    return nn.Sequential(to_pixels, nn.PixelShuffle(config.scale))


# The untrained network is smooth interpolation, carried by its first 3 channels. Chosen here,
# because one that starts from noise spends its first thousands of steps on learning to copy, which
# is the whole budget of a run on two cores. All other channels keep their random features, cut off
# only by the zeros of the last layers.


@torch.no_grad()
def _start_as_copying(to_features: nn.Conv2d, refine: nn.Conv2d) -> None:
    """Features begin with the three colours, and the body adds nothing to them."""
    nn.init.zeros_(refine.weight)
    to_features.weight[:3] = 0
    _copy_colours(to_features)
    for conv in (to_features, refine):
        assert conv.bias is not None
        nn.init.zeros_(conv.bias)


@torch.no_grad()
def _copy_colours(conv: nn.Conv2d) -> None:
    for c in range(3):
        conv.weight[c, c, 1, 1] = 1
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)


@torch.no_grad()
def _start_as_interpolation(conv: nn.Conv2d, scale: int) -> None:
    """Its first 3 channels become those of a frame `scale` times larger, once shuffled.

    A new pixel takes the value of the quadratic through the three neighbours of the old one.
    """
    offset = (torch.arange(scale) + 0.5) / scale - 0.5
    before, after = offset * (offset - 1) / 2, offset * (offset + 1) / 2
    taps = torch.stack([before, 1 - offset**2, after], dim=1)
    enlarging = torch.einsum("pi,qj->pqij", taps, taps).reshape(scale**2, 3, 3)
    for c in range(3):
        new_pixels = slice(scale**2 * c, scale**2 * (c + 1))
        conv.weight[new_pixels] = 0
        conv.weight[new_pixels, c] = enlarging
    assert conv.bias is not None
    nn.init.zeros_(conv.bias)
