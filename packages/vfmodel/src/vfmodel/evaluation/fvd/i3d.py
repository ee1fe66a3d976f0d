"""I3D: Inception v1 with its filters inflated in time (Carreira and Zisserman 2017, figure 3).

Written from the paper; layers are called as in the PyTorch port of DeepMind's weights, so that its
files load (`rgb_imagenet.pt`, `i3d_pretrained_400.pt`). Convolutions and pools are padded as
TensorFlow's SAME: with as little as fits, the odd row at the end.
"""

from math import ceil

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad

NUM_FEATURES = 400
MIN_FRAMES = 9
SIZE_PX = 224

# Channels of an inception block: 1x1; before and after the first 3x3x3; the second; after the pool.
_MIXED = {
    "3b": (64, 96, 128, 16, 32, 32),
    "3c": (128, 128, 192, 32, 96, 64),
    "4b": (192, 96, 208, 16, 48, 64),
    "4c": (160, 112, 224, 24, 64, 64),
    "4d": (128, 128, 256, 24, 64, 64),
    "4e": (112, 144, 288, 32, 64, 64),
    "4f": (256, 160, 320, 32, 128, 128),
    "5b": (256, 160, 320, 32, 128, 128),
    "5c": (384, 192, 384, 48, 128, 128),
}


class I3D(nn.Module):
    """Clips to the logits of Kinetics-400, averaged over time: what FVD calls features."""

    def __init__(self, norm_eps: float = 1e-3) -> None:
        """Builds it untrained.

        Args:
            norm_eps: Of the batch norms. 1e-3 in DeepMind's own and in the first PyTorch port; the
                copies of TATS and cd-fvd compute with 1e-5, from the same weights.
        """
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, 7, 2, norm_eps)
        self.MaxPool3d_2a_3x3 = Pool((1, 3, 3), (1, 2, 2))
        self.Conv3d_2b_1x1 = Unit(64, 64, 1, 1, norm_eps)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3, 1, norm_eps)
        self.MaxPool3d_3a_3x3 = Pool((1, 3, 3), (1, 2, 2))
        width = 192
        for name, channels in _MIXED.items():
            if name == "4b":
                self.MaxPool3d_4a_3x3 = Pool((3, 3, 3), (2, 2, 2))
            elif name == "5b":
                self.MaxPool3d_5a_2x2 = Pool((2, 2, 2), (2, 2, 2))
            self.add_module(f"Mixed_{name}", Mixed(width, channels, norm_eps))
            width = channels[0] + channels[2] + channels[4] + channels[5]
        self.logits = Unit(width, NUM_FEATURES, 1, 1, norm_eps, last=True)

    def forward(self, clips: Float[Tensor, "B 3 T 224 224"]) -> Float[Tensor, "B 400"]:
        """Takes clips in [-1, 1] of at least nine frames."""
        values = clips
        for layer in list(self.children())[:-1]:
            values = layer(values)
        pooled = torch.nn.functional.avg_pool3d(values, (2, 7, 7), 1)
        logits: Tensor = self.logits(pooled)
        return logits.mean(dim=(2, 3, 4))


class Unit(nn.Module):
    """A convolution; normalised and rectified unless it is the last one."""

    def __init__(
        self, width: int, out: int, kernel: int, stride: int, norm_eps: float, *, last: bool = False
    ) -> None:
        """Builds it for `width` channels in, `out` channels out, and cubic kernels."""
        super().__init__()
        self.conv3d = nn.Conv3d(width, out, kernel, stride, bias=last)
        self.bn = None if last else nn.BatchNorm3d(out, eps=norm_eps)

    def forward(self, values: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B D To Ho Wo"]:
        """Halves what the stride says."""
        padded = pad_same(values, self.conv3d.kernel_size, self.conv3d.stride)
        result: Tensor = self.conv3d(padded)
        return result if self.bn is None else torch.relu(self.bn(result))


class Pool(nn.Module):
    """Maxima of features that are not negative, so that padding with zeros adds none."""

    def __init__(self, kernel: tuple[int, int, int], stride: tuple[int, int, int]) -> None:
        """Builds it."""
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, values: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B C To Ho Wo"]:
        """Halves what the stride says."""
        padded = pad_same(values, self.kernel, self.stride)
        return torch.nn.functional.max_pool3d(padded, self.kernel, self.stride)


class Mixed(nn.Module):
    """Four branches side by side."""

    def __init__(self, width: int, channels: tuple[int, ...], norm_eps: float) -> None:
        """Builds it for `width` channels in; see `_MIXED`."""
        super().__init__()
        alone, before, after, before_second, after_second, pooled = channels
        self.b0 = Unit(width, alone, 1, 1, norm_eps)
        self.b1a = Unit(width, before, 1, 1, norm_eps)
        self.b1b = Unit(before, after, 3, 1, norm_eps)
        self.b2a = Unit(width, before_second, 1, 1, norm_eps)
        self.b2b = Unit(before_second, after_second, 3, 1, norm_eps)
        self.b3a = Pool((3, 3, 3), (1, 1, 1))
        self.b3b = Unit(width, pooled, 1, 1, norm_eps)

    def forward(self, values: Float[Tensor, "B C T H W"]) -> Float[Tensor, "B D T H W"]:
        """Keeps the size."""
        branches = (
            self.b0(values),
            self.b1b(self.b1a(values)),
            self.b2b(self.b2a(values)),
            self.b3b(self.b3a(values)),
        )
        return torch.cat(branches, dim=1)


def pad_same(
    values: Float[Tensor, "B C T H W"], kernel: tuple[int, ...], stride: tuple[int, ...]
) -> Float[Tensor, "B C Tp Hp Wp"]:
    """Zeros around, so that ceil(size / stride) places fit; an odd one goes to the end."""
    sizes = values.shape[2:]
    margins = []
    for size, extent, step in reversed(list(zip(sizes, kernel, stride, strict=True))):
        total = max((ceil(size / step) - 1) * step + extent - size, 0)
        margins += [total // 2, total - total // 2]
    return pad(values, margins)
