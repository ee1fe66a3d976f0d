"""The sizes of the video U-Net, and the sizes of its parts that follow from them."""

from dataclasses import dataclass, fields
from typing import Any, Literal

import torch

from hdvg.errors import InputError
from vfmodel.blocks import BlockConfig
from vfmodel.swap_attention import Stream, SwapConfig
from vfmodel.temporal import TemporalAttentionConfig


@dataclass(frozen=True, kw_only=True)
class SwapUNetConfig:
    """Sizes a SwapUNet; the defaults are the mini model's widths and depths, `paper()` the paper's.

    The mini model that ships also has `frame_text`, and 4 frames per second.
    """

    in_channels: int = 4
    """Channels of the latents."""
    out_channels: int = 4
    """Channels of the prediction."""
    channels: tuple[int, ...] = (48, 64, 80)
    """Channels of each level, from the full latent size down."""
    layers_per_block: int = 1
    """Layers of an encoder block; a decoder block has one more."""
    num_heads: tuple[int, ...] = (1, 2, 2)
    """Attention heads of each level (not channels per head)."""
    attention_levels: tuple[bool, ...] = (True, True, False)
    """Whether each level has text and temporal attention; the smallest of SD has not."""
    text_dim: int = 96
    """Width of a text token."""
    norm_groups: int = 16
    """Groups of every group normalisation."""
    linear_projection: bool = True
    """Whether text transformers project by a Linear (SD 2) or a 1x1 convolution (SD 1)."""
    temporal_conv_depth: int = 1
    """Convolutions in each TemporalConv."""
    feed_forward_mult: int = 2
    """Width of the feed-forward in temporal attention, in channels; 0 for none."""
    temporal_self_attentions: int = 1
    """Self-attentions in each temporal attention, 1 or 2; ModelScope has two."""
    temporal_positions: Literal["rotary", "none"] = "rotary"
    """What tells temporal attention a frame's place; ModelScope's is told nothing."""
    entry_attention_heads: int = 0
    """Heads of a temporal attention that follows the first convolution, each as wide as those of
    the first level; 0 for no such attention. ModelScope has 8."""
    temporal_skip: Literal["pool", "nearest", "none"] = "pool"
    """How the temporal stream passes a resize: averaged, the nearest cell taken, or not at all.
    The paper has the connection and not its form; averaging loses no motion between cells."""
    window: tuple[int, int, int] = (4, 6, 11)
    """Frames, rows and columns of a Swap-CA window, in latent cells."""
    shift: int | None = None
    """Frames by which every second block's windows are moved; None for half a window, as in Swin
    Transformer (Liu et al., 2021), since the paper's text has lost the number."""
    first_query: Stream = "temporal"
    """The stream that asks in the first block; the roles change from block to block."""
    swap_roles: Literal["swapped", "fixed"] = "swapped"
    """Whether the two streams change roles from block to block, or `first_query` asks in all of
    them; the paper's ablation has both."""
    block_end: Literal["swap", "fuse", "add"] = "swap"
    """What joins the streams at the end of an encoder or decoder block: Swap-CA, a 1x1 convolution
    as everywhere else, or their sum. The last two are what the paper's ablation compares with."""
    swap_num_heads: tuple[int, ...] | None = None
    """Swap-CA's attention heads of each level; None for `num_heads`."""
    swap_feed_forward_mult: int | None = None
    """Width of the feed-forward inside Swap-CA, in channels; 0 for none, None for
    `feed_forward_mult`. The paper's list of layers names none; every other attention has one."""
    sample_height: int = 12
    """Latent rows that sampling defaults to."""
    sample_width: int = 22
    """Latent columns that sampling defaults to."""
    num_frames: int = 8
    """Frames that sampling defaults to."""
    fps: float = 8.0
    """Frames per second of the training clips, hence of what is sampled."""
    fps_conditioning: bool = False
    """Whether the network is told a clip's frames per second, for training on several rates; its
    embedding starts at zero. Off, a model has one rate."""

    frame_text: bool = False
    """Whether the embedding of a frame's number reads the prompt too, the mean of its tokens.
    Where "left" is depends on the word, on the frame and on the place; without this, word and frame
    meet in no embedding, and in 3,500 steps the mini model learnt nothing from the word."""

    def __post_init__(self) -> None:
        for name in ("num_heads", "attention_levels", "swap_num_heads"):
            value = getattr(self, name)
            if value is not None and len(value) != len(self.channels):
                raise InputError(
                    f"{name} {value} needs one entry a level, as channels {self.channels} has"
                )
        for name, least in _LEAST.items():
            if getattr(self, name) < least:
                raise InputError(f"{name} must be >= {least}, got {getattr(self, name)}")
        if not self.channels:
            raise InputError("channels must name at least one level, got ()")
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise InputError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        if self.fps <= 0:
            raise InputError(f"fps must be > 0, got {self.fps}")
        for depth in range(2 * len(self.channels)):
            self.swap(depth)

    @classmethod
    def paper(cls) -> "SwapUNetConfig":
        """The paper's size: ModelScope's U-Net, Swap-CA, and clips of 16 x 24 x 43 latents.

        Source: ModelScope (Wang et al., 2023) for the temporal modules, because the paper's
        training is reported to have started there; docs/paper.md counts the parameters.
        """
        return cls(
            channels=(320, 640, 1280, 1280),
            layers_per_block=2,
            num_heads=(5, 10, 20, 20),
            attention_levels=(True, True, True, False),
            text_dim=1024,
            norm_groups=32,
            temporal_conv_depth=4,
            feed_forward_mult=4,
            temporal_self_attentions=2,
            temporal_positions="none",
            entry_attention_heads=8,
            window=(8, 12, 11),
            sample_height=24,
            sample_width=43,
            num_frames=16,
        )

    @classmethod
    def from_fields(cls, values: dict[str, Any]) -> "SwapUNetConfig":
        """Builds a config from a JSON object.

        Raises:
            InputError: A key that is not a field, or a value that does not fit.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise InputError(f"unknown U-Net setting {unknown[0]!r} = {values[unknown[0]]!r}")
        plain: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in values.items()
        }
        return cls(**plain)

    def swap(self, depth: int) -> SwapConfig:
        """The Swap-CA of encoder block `depth`, or of the decoder blocks, counted on after them."""
        levels = len(self.channels)
        level = depth if depth < levels else 2 * levels - 1 - depth
        swapped = depth % 2 == 1
        roles: tuple[Stream, Stream] = ("spatial", "temporal")
        return SwapConfig(
            channels=self.channels[level],
            num_heads=(self.swap_num_heads or self.num_heads)[level],
            window=self.window,
            shift=self._shift() if swapped else 0,
            query=roles[(self.first_query == "temporal") != (swapped and self._changes_roles)],
            feed_forward_mult=(
                self.feed_forward_mult
                if self.swap_feed_forward_mult is None
                else self.swap_feed_forward_mult
            ),
            norm_groups=self.norm_groups,
        )

    def entry_attention(self) -> TemporalAttentionConfig | None:
        """The temporal attention behind the first convolution, if there is one."""
        if not self.entry_attention_heads:
            return None
        width = self.entry_attention_heads * (self.channels[0] // self.num_heads[0])
        return self._temporal_attention(0, num_heads=self.entry_attention_heads, width=width)

    def block(self, level: int, layer_inputs: tuple[int, ...], **changes: object) -> BlockConfig:
        """The block of a level, with what depends on its neighbours."""
        settings: dict[str, Any] = {
            "channels": self.channels[level],
            "layer_inputs": layer_inputs,
            "num_heads": self.num_heads[level],
            "attends": self.attention_levels[level],
            "time_dim": 4 * self.channels[0],
            "text_dim": self.text_dim,
            "norm_groups": self.norm_groups,
            "linear_projection": self.linear_projection,
            "temporal_conv_depth": self.temporal_conv_depth,
            "temporal_attention": self._temporal_attention(level),
        }
        return BlockConfig(**(settings | changes))

    def join_at(self, depth: int) -> dict[str, Any]:
        """What a block is told about its end; `depth` as for `swap`."""
        if self.block_end == "swap":
            return {"swap": self.swap(depth)}
        return {"fuses_end": self.block_end == "fuse"}

    def skip_from(self, channels: int) -> dict[str, Any]:
        """What a block is told about the temporal stream that comes to it past a resize."""
        if self.temporal_skip == "none":
            return {}
        return {"skip_channels": channels, "skip_shrink": self.temporal_skip}

    def _temporal_attention(self, level: int, **changes: int) -> TemporalAttentionConfig:
        settings: dict[str, Any] = {
            "channels": self.channels[level],
            "num_heads": self.num_heads[level],
            "feed_forward_mult": self.feed_forward_mult,
            "norm_groups": self.norm_groups,
            "self_attentions": self.temporal_self_attentions,
            "positions": self.temporal_positions,
        }
        return TemporalAttentionConfig(**(settings | changes))

    @property
    def _changes_roles(self) -> bool:
        return self.swap_roles == "swapped"

    def _shift(self) -> int:
        return self.window[0] // 2 if self.shift is None else self.shift


_LEAST = {
    "in_channels": 1,
    "out_channels": 1,
    "layers_per_block": 1,
    "text_dim": 1,
    "temporal_conv_depth": 1,
    "entry_attention_heads": 0,
    "sample_height": 1,
    "sample_width": 1,
    "num_frames": 1,
}
_CHOICES: dict[str, tuple[object, ...]] = {
    "temporal_self_attentions": (1, 2),
    "temporal_positions": ("rotary", "none"),
    "temporal_skip": ("pool", "nearest", "none"),
    "swap_roles": ("swapped", "fixed"),
    "block_end": ("swap", "fuse", "add"),
}
torch.serialization.add_safe_globals([SwapUNetConfig])
