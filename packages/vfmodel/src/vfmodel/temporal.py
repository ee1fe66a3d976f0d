"""The 1D modules: they mix frames at one place of the picture and nothing else.

Both return what is to be added to their input, exactly zero at first, because one matrix of each
starts at zero and only one: with two, neither would ever receive a gradient.

Shape letters: F = B * T frames in clip order, C channels, H and W latent height and width, B batch,
T frames of a clip, P = B * H * W places, D channels of a head.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from diffusers.models.attention import FeedForward
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vfmodel.attention import attend


class TemporalConv(nn.Module):
    """Group norm, SiLU and a convolution over three frames, `depth` times.

    A Conv2d of kernel (3, 1) over [B, C, T, H * W] computes what a Conv3d of kernel (3, 1, 1) does,
    and runs where Conv3d is slow or missing. Source of the shape: the temporal convolutions of
    ModelScope's text-to-video U-Net, which VideoFactory starts from (depth 4 there).
    """

    def __init__(self, channels: int, *, depth: int, norm_groups: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(
            nn.Sequential(
                nn.GroupNorm(norm_groups, channels),
                nn.SiLU(),
                nn.Conv2d(channels, channels, (3, 1), padding=(1, 0)),
            )
            for _ in range(depth)
        )
        _zero(list(self.convs.modules())[-1])

    def forward(
        self, frames: Float[Tensor, "F C H W"], num_frames: int
    ) -> Float[Tensor, "F C H W"]:
        """Mixes each clip of `num_frames` frames along time."""
        hidden = rearrange(frames, "(b t) c h w -> b c t (h w)", t=num_frames)
        for conv in self.convs:
            hidden = conv(hidden)
        return rearrange(hidden, "b c t (h w) -> (b t) c h w", h=frames.shape[2])


@dataclass(frozen=True, kw_only=True)
class TemporalAttentionConfig:
    """Sizes one temporal attention."""

    channels: int
    """Channels that come in and go out."""
    num_heads: int
    """Attention heads; divides `width`."""
    feed_forward_mult: int
    """Width of the GEGLU feed-forward in multiples of `width`; 0 for none."""
    norm_groups: int
    """Groups of the group normalisation; divides channels."""
    self_attentions: int = 1
    """Self-attentions one after another, 1 or 2; ModelScope's blocks have two."""
    positions: Literal["rotary", "none"] = "rotary"
    """How a frame's place in time is told; ModelScope's attention is not told at all."""
    width: int | None = None
    """Channels of all heads together; None for `channels`."""

    @property
    def inner(self) -> int:
        """Channels of all heads together."""
        return self.width or self.channels


class TemporalAttention(nn.Module):
    """Self-attention over the frames at each place, then a feed-forward.

    Rotary positions have no table, so a model can be run on more frames than it was trained on.
    """

    def __init__(self, config: TemporalAttentionConfig) -> None:
        super().__init__()
        self.settings = config
        channels, inner = config.channels, config.inner
        self.norm = nn.GroupNorm(config.norm_groups, channels, eps=1e-6)
        self.proj_in = nn.Linear(channels, inner)
        self.norm_attention = nn.LayerNorm(inner)
        self.to_qkv = nn.Linear(inner, 3 * inner, bias=False)
        self.to_out = nn.Linear(inner, inner)
        self.second: nn.ModuleList | None = None
        if config.self_attentions == 2:
            self.second = nn.ModuleList(
                [
                    nn.LayerNorm(inner),
                    nn.Linear(inner, 3 * inner, bias=False),
                    nn.Linear(inner, inner),
                ]
            )
        self.feed_forward: nn.Sequential | None = None
        if config.feed_forward_mult:
            self.feed_forward = nn.Sequential(
                nn.LayerNorm(inner),
                FeedForward(inner, mult=config.feed_forward_mult, activation_fn="geglu"),
            )
        self.proj_out = nn.Linear(inner, channels)
        _zero(self.proj_out)

    def forward(
        self, frames: Float[Tensor, "F C H W"], num_frames: int
    ) -> Float[Tensor, "F C H W"]:
        """Lets every place look along its own clip of `num_frames` frames."""
        height, width = frames.shape[2:]
        clips = rearrange(frames, "(b t) c h w -> b c t (h w)", t=num_frames)
        hidden = self.proj_in(rearrange(self.norm(clips), "b c t n -> (b n) t c"))
        hidden = hidden + self._look_along(hidden, self.norm_attention, self.to_qkv, self.to_out)
        if self.second is not None:
            hidden = hidden + self._look_along(hidden, *self.second)
        if self.feed_forward is not None:
            hidden = hidden + self.feed_forward(hidden)
        change = self.proj_out(hidden)
        return rearrange(change, "(b h w) t c -> (b t) c h w", h=height, w=width)

    def _look_along(
        self, hidden: Float[Tensor, "P T C"], norm: nn.Module, to_qkv: nn.Module, to_out: nn.Module
    ) -> Float[Tensor, "P T C"]:
        num_heads, inner = self.settings.num_heads, self.settings.inner
        compared, value = to_qkv(norm(hidden)).split([2 * inner, inner], dim=-1)
        if self.settings.positions == "rotary":
            # Queries and keys at once, as twice the heads: these are many small operations.
            compared = rotate_by_time(compared, 2 * num_heads)
        query, key = compared.chunk(2, dim=-1)
        read: Tensor = to_out(attend(query, key, value, num_heads))
        return read


def rotate_by_time(
    tokens: Float[Tensor, "P T C"], num_heads: int, base: float = 10_000.0
) -> Float[Tensor, "P T C"]:
    """Rotates pairs of channels by angles that grow with the frame number.

    Source: RoFormer (Su et al., 2021), equation (15), with pairs (i, i + D / 2). The last
    channel of a head, where D is odd, is left as it is.
    """
    head_dim = tokens.shape[-1] // num_heads
    half = head_dim // 2
    steps = torch.arange(half, device=tokens.device, dtype=torch.float32)
    times = torch.arange(tokens.shape[1], device=tokens.device, dtype=torch.float32)
    angles = torch.outer(times, base ** (-steps / half))
    cos, sin = angles.cos(), angles.sin()
    heads = rearrange(tokens, "p t (n d) -> p t n d", n=num_heads)
    first, second, rest = torch.split(heads, [half, half, head_dim - 2 * half], dim=-1)
    kept = angles.new_ones(len(angles), rest.shape[-1])
    # Over whole rows: taking the halves of each head apart takes two to three times as long.
    stay = torch.cat([cos, cos, kept], dim=-1).repeat(1, num_heads).to(tokens.dtype)
    cross = torch.cat([-sin, sin, 0.0 * kept], dim=-1).repeat(1, num_heads).to(tokens.dtype)
    partners = torch.cat([second, first, rest], dim=-1).flatten(-2)
    return torch.addcmul(tokens * stay, partners, cross)


def _zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
