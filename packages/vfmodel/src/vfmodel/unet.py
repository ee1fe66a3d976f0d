"""The video U-Net: an image U-Net whose every layer has a temporal partner, joined by Swap-CA.

Source: VideoFactory, figure 3, for the wiring; Stable Diffusion for the spatial part. Time is never
down-sampled.

Shape letters: B batch, C channels, T frames, H and W latent height and width, L text tokens, D text
width, F = B * T.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import torch
from diffusers.configuration_utils import ConfigMixin
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from einops import rearrange
from jaxtyping import Float, Num
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.blocks import (
    BlockConfig,
    Conditions,
    DownBlock,
    MiddleBlock,
    SpaceTimeBlock,
    UpBlock,
)
from vfmodel.swap_attention import Stream, SwapConfig


@dataclass(frozen=True, kw_only=True)
class SwapUNetConfig:
    """Sizes a SwapUNet; the defaults are the mini model. `paper()` is the paper's size."""

    in_channels: int = 4
    """Channels of the latents."""
    out_channels: int = 4
    """Channels of the prediction."""
    channels: tuple[int, ...] = (48, 96, 96)
    """Channels of each level, from the full latent size down."""
    layers_per_block: int = 1
    """Layers of an encoder block; a decoder block has one more."""
    num_heads: tuple[int, ...] = (2, 4, 4)
    """Attention heads of each level (not channels per head)."""
    attention_levels: tuple[bool, ...] = (True, True, False)
    """Whether each level has text and temporal attention; the smallest of SD has not."""
    text_dim: int = 64
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
    def paper(cls) -> Self:
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
    def from_fields(cls, values: dict[str, Any]) -> Self:
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


@dataclass
class SwapUNetOutput(BaseOutput):
    """What the U-Net returns.

    Attributes:
        sample: The prediction, noise or velocity, of the latents' shape.
    """

    sample: Tensor


class SwapUNet(ModelMixin, ConfigMixin):
    """Predicts the noise, or velocity, in the latents of a video clip."""

    _supports_gradient_checkpointing = True
    _no_split_modules = ("DownBlock", "MiddleBlock", "UpBlock")
    _skip_layerwise_casting_patterns = ("norm", "time_embedding")

    def __init__(self, config: SwapUNetConfig | None = None) -> None:
        super().__init__()
        config = config or SwapUNetConfig()
        self.register_to_config(**asdict(config))
        first, last = config.channels[0], config.channels[-1]
        self.time_proj = Timesteps(first, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(first, 4 * first)
        self.conv_in = nn.Conv2d(config.in_channels, first, 3, padding=1)
        self.down_blocks = _encoder(config)
        self.mid_block = MiddleBlock(
            config.block(len(config.channels) - 1, (last, last), attends=True)
        )
        self.up_blocks = _decoder(config)
        self.conv_norm_out = nn.GroupNorm(config.norm_groups, first, eps=1e-5)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(first, config.out_channels, 3, padding=1)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], return_unused_kwargs: bool = False, **overrides: object
    ) -> Self | tuple[Self, dict[str, Any]]:
        """Builds an untrained U-Net from its saved config, as diffusers' loaders ask for it.

        Raises:
            InputError: The config is another architecture's: it has a key that is not ours.
        """
        values = {key: value for key, value in config.items() if not key.startswith("_")}
        unet = cls(SwapUNetConfig.from_fields(values | overrides))
        return (unet, {}) if return_unused_kwargs else unet

    @property
    def swap_active(self) -> bool:
        """Whether block ends use Swap-CA; if not, they add the two streams."""
        return all(block.swap_active for block in self.down_blocks)

    def enable_swap(self, active: bool = True) -> None:
        """Switches between the phases of training: addition first, then Swap-CA.

        As long as no Swap-CA has been trained the two are equal, bit for bit.
        """
        for block in (*self.down_blocks, *self.up_blocks):
            block.swap_active = active

    def forward(
        self,
        sample: Float[Tensor, "B C T H W"],
        timestep: Num[Tensor, " B"] | Num[Tensor, ""] | int | float,
        encoder_hidden_states: Float[Tensor, "B L D"],
        return_dict: bool = True,
    ) -> SwapUNetOutput | tuple[Tensor]:
        """Predicts from noisy latents, their timesteps in 0..999 and the prompts' tokens."""
        batch, _, num_frames, _, _ = sample.shape
        given = Conditions(
            self._embed_time(timestep, sample).repeat_interleave(num_frames, dim=0),
            encoder_hidden_states,
            num_frames,
        )
        hidden = self.conv_in(rearrange(sample, "b c t h w -> (b t) c h w"))
        kept, motion = [hidden], None
        for block in self.down_blocks:
            more, motion = block(kept[-1], given, motion)
            kept += more
        hidden = self.mid_block(kept[-1], given)
        for index, block in enumerate(self.up_blocks):
            hidden, motion = block(hidden, kept, given, motion if index else None)
        hidden = self.conv_out(self.conv_act(self.conv_norm_out(hidden)))
        prediction = rearrange(hidden, "(b t) c h w -> b c t h w", b=batch)
        return SwapUNetOutput(sample=prediction) if return_dict else (prediction,)

    def _embed_time(
        self, timestep: Num[Tensor, " B"] | Num[Tensor, ""] | int | float, sample: Tensor
    ) -> Float[Tensor, "B E"]:
        times = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        return self.time_embedding(self.time_proj(times).to(sample.dtype))

    def blocks(self) -> list[SpaceTimeBlock]:
        """All blocks in the order they run."""
        return [*self.down_blocks, self.mid_block, *self.up_blocks]


def _encoder(config: SwapUNetConfig) -> nn.ModuleList:
    blocks = nn.ModuleList()
    width = config.channels[0]
    for level, channels in enumerate(config.channels):
        settings = config.block(
            level,
            (width, *[channels] * (config.layers_per_block - 1)),
            swap=config.swap(level),
            skip_channels=width if level else None,
        )
        blocks.append(DownBlock(settings, downsamples=level + 1 < len(config.channels)))
        width = channels
    return blocks


def _decoder(config: SwapUNetConfig) -> nn.ModuleList:
    blocks = nn.ModuleList()
    levels, kept = len(config.channels), _kept_channels(config)
    width = config.channels[-1]
    for index, level in enumerate(reversed(range(levels))):
        channels, inputs = config.channels[level], []
        came_from = width
        for _ in range(config.layers_per_block + 1):
            inputs.append(width + kept.pop())
            width = channels
        settings = config.block(
            level,
            tuple(inputs),
            swap=config.swap(levels + index),
            skip_channels=came_from if index else None,
        )
        blocks.append(UpBlock(settings, upsamples=level > 0))
    return blocks


def _kept_channels(config: SwapUNetConfig) -> list[int]:
    """Channels of what the encoder keeps for the decoder, in the order it is kept."""
    kept = [config.channels[0]]
    for level, channels in enumerate(config.channels):
        kept += [channels] * config.layers_per_block
        if level + 1 < len(config.channels):
            kept.append(channels)
    return kept
