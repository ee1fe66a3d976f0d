"""Swapped spatio-temporal cross-attention (Swap-CA), the idea that the model is built around.

Source: VideoFactory, section "Swapped spatio-temporal cross-attention", equations (1) to (3). With
x the spatial and y the temporal features of a block, q the stream that asks and c the other one:

    h = CrossAttention(LN(Proj_in(GN(q))), LN(Proj_in(GN(c)))) + Proj_in(GN(q))
    h = FeedForward(LN(h)) + h
    z = x + y + Proj_out(h)

Proj_out starts at zero, so that z = x + y exactly. From block to block the two streams change roles
and the windows are shifted by half a window along time. The paper's text leaves open whether GN
and LN are shared (here each stream has its own: their statistics differ) and the feed-forward.

Shape letters: B batch, C channels, T frames, H and W latent height and width, N = T * H * W.
"""

from dataclasses import dataclass
from typing import Literal

from diffusers.models.attention import FeedForward
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.windows import attend_in_windows, from_windows, plan_windows, to_windows

Stream = Literal["spatial", "temporal"]


@dataclass(frozen=True, kw_only=True)
class SwapConfig:
    """Sizes one Swap-CA layer."""

    channels: int
    """Channels of both streams."""
    num_heads: int
    """Attention heads; divides channels."""
    window: tuple[int, int, int] = (8, 12, 11)
    """Frames, rows and columns of a window, in latent cells."""
    shift: int = 0
    """How far windows are shifted along time, in frames; 0 <= shift < window[0]."""
    query: Stream = "temporal"
    """The stream that asks; the other one gives keys and values."""
    feed_forward_mult: int = 4
    """Width of the GEGLU feed-forward in multiples of channels; 0 for none."""
    norm_groups: int = 32
    """Groups of the group normalisation; divides channels."""

    def __post_init__(self) -> None:
        if self.num_heads < 1 or self.channels % self.num_heads:
            raise InputError(f"num_heads {self.num_heads} does not divide channels {self.channels}")
        if self.norm_groups < 1 or self.channels % self.norm_groups:
            raise InputError(
                f"norm_groups {self.norm_groups} does not divide channels {self.channels}"
            )
        if len(self.window) != 3 or min(self.window) < 1:
            raise InputError(f"window must be three sizes >= 1, got {self.window}")
        if not 0 <= self.shift < self.window[0]:
            raise InputError(f"shift {self.shift} is outside 0..{self.window[0] - 1}")
        if self.query not in ("spatial", "temporal"):
            raise InputError(f"query must be spatial or temporal, got {self.query!r}")
        if self.feed_forward_mult < 0:
            raise InputError(f"feed_forward_mult must be >= 0, got {self.feed_forward_mult}")


class SwapCrossAttention(nn.Module):
    """Fuses a block's spatial and temporal features by attention from one to the other."""

    def __init__(self, config: SwapConfig) -> None:
        super().__init__()
        self.settings = config
        channels = config.channels
        # 1e-5, not the 1e-6 of transformers: the temporal stream starts at exactly zero, where the
        # gradient through the norm is multiplied by 1 / sqrt(eps).
        self.norm_spatial = nn.GroupNorm(config.norm_groups, channels, eps=1e-5)
        self.norm_temporal = nn.GroupNorm(config.norm_groups, channels, eps=1e-5)
        self.proj_in = nn.Linear(channels, channels)
        self.norm_query = nn.LayerNorm(channels)
        self.norm_context = nn.LayerNorm(channels)
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_kv = nn.Linear(channels, 2 * channels, bias=False)
        self.to_out = nn.Linear(channels, channels)
        self.feed_forward: nn.Sequential | None = None
        if config.feed_forward_mult:
            self.feed_forward = nn.Sequential(
                nn.LayerNorm(channels),
                FeedForward(channels, mult=config.feed_forward_mult, activation_fn="geglu"),
            )
        self.proj_out = nn.Linear(channels, channels)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(
        self, spatial: Float[Tensor, "B C T H W"], temporal: Float[Tensor, "B C T H W"]
    ) -> Float[Tensor, "B C T H W"]:
        """Adds the two streams and what one reads from the other."""
        batch, _, *size = spatial.shape
        plan = plan_windows(
            batch, tuple(size), self.settings.window, self.settings.shift, spatial.device
        )
        streams = (
            to_windows(self._project(self.norm_spatial, spatial), plan),
            to_windows(self._project(self.norm_temporal, temporal), plan),
        )
        query, context = streams if self.settings.query == "spatial" else streams[::-1]
        key, value = self.to_kv(self.norm_context(context)).chunk(2, dim=-1)
        asked = self.to_q(self.norm_query(query))
        read = attend_in_windows(asked, key, value, plan, self.settings.num_heads)
        hidden = self.to_out(read) + query
        if self.feed_forward is not None:
            hidden = self.feed_forward(hidden) + hidden
        change = from_windows(self.proj_out(hidden), plan, batch)
        change = rearrange(change, "b (t h w) c -> b c t h w", t=size[0], h=size[1])
        return spatial + temporal + change

    def _project(
        self, norm: nn.Module, stream: Float[Tensor, "B C T H W"]
    ) -> Float[Tensor, "B N C"]:
        return self.proj_in(rearrange(norm(stream), "b c t h w -> b (t h w) c"))
