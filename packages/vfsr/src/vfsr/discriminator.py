"""Tells clean frames from made ones, pixel by pixel: a small U-Net with spectral norm.

Source: arXiv:2107.10833, section 3.4 and figure 6. The original starts with 64 channels and then
costs several times what the generator does; 32 are the default here because of that.

Shape letters used in this file: N crops, H W pixels, multiples of 8.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

_SLOPE = 0.2


class Discriminator(nn.Module):
    """Three halvings, three doublings, skips added between equal sizes."""

    def __init__(self, channels: int = 32) -> None:
        super().__init__()
        c = channels
        self.first = nn.Conv2d(3, c, 3, padding=1)
        self.down = nn.ModuleList(
            spectral_norm(nn.Conv2d(i, 2 * i, 4, stride=2, padding=1, bias=False))
            for i in (c, 2 * c, 4 * c)
        )
        self.up = nn.ModuleList(
            spectral_norm(nn.Conv2d(2 * o, o, 3, padding=1, bias=False)) for o in (4 * c, 2 * c, c)
        )
        self.last = nn.Sequential(
            spectral_norm(nn.Conv2d(c, c, 3, padding=1, bias=False)),
            nn.LeakyReLU(_SLOPE),
            nn.Conv2d(c, 1, 3, padding=1),
        )

    def features(self, frames: Float[Tensor, "N 3 H W"]) -> list[Tensor]:
        """What it sees at full size, a half, a quarter and an eighth."""
        seen = [F.leaky_relu(self.first(frames), _SLOPE)]
        for conv in self.down:
            seen.append(F.leaky_relu(conv(seen[-1]), _SLOPE))
        return seen

    def forward(self, frames: Float[Tensor, "N 3 H W"]) -> Float[Tensor, "N 1 H W"]:
        """Logits: above 0 where a frame looks clean. Frames are RGB in [0, 1]."""
        *skips, x = self.features(frames)
        for conv, skip in zip(self.up, reversed(skips), strict=True):
            large = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = F.leaky_relu(conv(large), _SLOPE) + skip
        return self.last(x)


def feature_distance(
    discriminator: Discriminator,
    result: Float[Tensor, "N 3 H W"],
    truth: Float[Tensor, "N 3 H W"],
) -> Float[Tensor, ""]:
    """Mean absolute difference of what the discriminator sees, over its four sizes.

    A perceptual loss that needs no weights from elsewhere: it looks at what tells clean from made.
    """
    with torch.no_grad():
        wanted = discriminator.features(truth)
    seen = discriminator.features(result)
    pairs = zip(seen, wanted, strict=True)
    return torch.stack([F.l1_loss(ours, theirs) for ours, theirs in pairs]).mean()
