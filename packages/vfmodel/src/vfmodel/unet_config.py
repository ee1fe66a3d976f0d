"""The sizes of the video U-Net, and the sizes of its parts that follow from them."""

from dataclasses import dataclass, fields
from typing import Any

import torch

from hdvg.errors import InputError
from vfmodel.blocks import BlockConfig
from vfmodel.swap_attention import Stream, SwapConfig


@dataclass(frozen=True, kw_only=True)
class SwapUNetConfig:
    """Sizes a SwapUNet; the defaults are the mini model. `paper()` is the paper's size."""

    in_channels: int = 4
    """Channels of the latents."""
    out_channels: int = 4
    """Channels of the prediction."""
    channels: tuple[int, ...] = (32, 64, 96)
    """Channels of each level, from the full latent size down."""
    layers_per_block: int = 1
    """Layers of an encoder block; a decoder block has one more."""
    num_heads: tuple[int, ...] = (1, 2, 3)
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
    """Width of the feed-forward in temporal attention and Swap-CA, in channels; 0 for none."""
    window: tuple[int, int, int] = (4, 6, 11)
    """Frames, rows and columns of a Swap-CA window, in latent cells."""
    first_query: Stream = "temporal"
    """The stream that asks in the first block; the roles change from block to block."""
    sample_height: int = 12
    """Latent rows that sampling defaults to."""
    sample_width: int = 22
    """Latent columns that sampling defaults to."""
    num_frames: int = 8
    """Frames that sampling defaults to."""
    fps: float = 8.0
    """Frames per second of the training clips, hence of what is sampled."""

    def __post_init__(self) -> None:
        for name in ("num_heads", "attention_levels"):
            if len(getattr(self, name)) != len(self.channels):
                raise InputError(
                    f"{name} {getattr(self, name)} needs one entry a level, as channels"
                    f" {self.channels} has"
                )
        for name in _SIZES:
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)}")
        if not self.channels:
            raise InputError("channels must name at least one level, got ()")
        if self.fps <= 0:
            raise InputError(f"fps must be > 0, got {self.fps}")
        for depth in range(2 * len(self.channels)):
            self.swap(depth)

    @classmethod
    def paper(cls) -> "SwapUNetConfig":
        """The paper's size: Stable Diffusion 2.1 and clips of 16 x 24 x 43 latents."""
        return cls(
            channels=(320, 640, 1280, 1280),
            layers_per_block=2,
            num_heads=(5, 10, 20, 20),
            attention_levels=(True, True, True, False),
            text_dim=1024,
            norm_groups=32,
            temporal_conv_depth=4,
            feed_forward_mult=4,
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
            num_heads=self.num_heads[level],
            window=self.window,
            shift=self.window[0] // 2 if swapped else 0,
            query=roles[(self.first_query == "temporal") != swapped],
            feed_forward_mult=self.feed_forward_mult,
            norm_groups=self.norm_groups,
        )

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
            "feed_forward_mult": self.feed_forward_mult,
        }
        return BlockConfig(**(settings | changes))


_SIZES = (
    "in_channels",
    "out_channels",
    "layers_per_block",
    "text_dim",
    "temporal_conv_depth",
    "sample_height",
    "sample_width",
    "num_frames",
)
torch.serialization.add_safe_globals([SwapUNetConfig])
