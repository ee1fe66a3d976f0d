"""The encoder, middle and decoder blocks: diffusers' image layers, each paired with a temporal one.

Spatial layers keep diffusers' classes and parameter names (`resnets`, `attentions`, `downsamplers`,
`upsamplers`), so that an image U-Net's weights load as they are. Everything that is ours has names
of its own: `temp_convs`, `temp_attns`, `conv_fuses`, `end_fuses`, `swap`, `temp_skip`.

Source: VideoFactory, figure 3. A layer is

    x = ResnetBlock2D(z)            y = TemporalConv(x)         z = fuse(x, y)
    x = Transformer2DModel(z, text) y = TemporalAttention(x)    z = fuse(x, y), at the end Swap-CA

Shape letters: F = B * T frames in clip order, B batch, T frames of a clip, C channels, H and W
latent height and width, L text tokens, D text width, E time embedding width.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

import torch
from diffusers.models import Transformer2DModel
from diffusers.models.attention_processor import Attention
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vfmodel.attention import FrameAttention, Text, TextKeys, keys_of
from vfmodel.fusion import Fuse, TemporalSkip
from vfmodel.swap_attention import SwapConfig, SwapCrossAttention
from vfmodel.temporal import TemporalAttention, TemporalAttentionConfig, TemporalConv


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """Sizes one block; `SwapUNetConfig` works these out."""

    channels: int
    """Channels of every layer's output."""
    layer_inputs: tuple[int, ...]
    """Input channels of each residual block, in order."""
    num_heads: int
    """Attention heads of every attention of the block."""
    attends: bool
    """Whether layers have a text transformer and a temporal attention."""
    time_dim: int
    """Width of the time embedding."""
    text_dim: int
    """Width of a text token."""
    norm_groups: int
    """Groups of every group normalisation."""
    linear_projection: bool
    """Whether text transformers project by a Linear (SD 2) or a 1x1 convolution (SD 1)."""
    temporal_conv_depth: int
    """Convolutions in each TemporalConv."""
    temporal_attention: TemporalAttentionConfig
    """The partner of every text transformer."""
    swap: SwapConfig | None = None
    """Swap-CA at the block's end; None in the middle block, and where another join is asked for."""
    fuses_end: bool = False
    """Whether a 1x1 fusion is at the block's end; neither that nor Swap-CA is a sum."""
    skip_channels: int | None = None
    """Channels of the temporal stream that comes past a resize; None where there is none."""
    skip_shrink: Literal["pool", "nearest"] = "pool"
    """How that stream is brought to fewer rows and columns."""


class Conditions(NamedTuple):
    """What every layer of one forward pass is told.

    Attributes:
        time: The time embedding of each frame.
        text: The prompts, one row a clip, as each text attention of the block is given them.
        num_frames: Frames of a clip.
        still: Whether the frames are images of their own: temporal modules and Swap-CA rest, and
            add nothing.
    """

    time: Float[Tensor, "F E"]
    text: tuple[Text, ...]
    num_frames: int
    still: bool = False


def run_module(owner: nn.Module, module: nn.Module, *inputs: object) -> Tensor:
    """Calls a module; under its owner's gradient checkpointing, inner activations are not kept."""
    if owner.gradient_checkpointing and torch.is_grad_enabled():
        checkpoint = cast(Callable[..., Tensor], owner._gradient_checkpointing_func)
        return checkpoint(module, *inputs)
    return module(*inputs)


class SpaceTimeBlock(nn.Module):
    """Layers of paired spatial and temporal modules; how they are chained is the subclass's."""

    def __init__(self, config: BlockConfig, num_attentions: int) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        self._gradient_checkpointing_func: Callable[..., Tensor]
        self.swap_active = True
        channels, num_layers = config.channels, len(config.layer_inputs)
        self.resnets = nn.ModuleList(
            ResnetBlock2D(
                in_channels=width,
                out_channels=channels,
                temb_channels=config.time_dim,
                groups=config.norm_groups,
                eps=1e-5,
            )
            for width in config.layer_inputs
        )
        self.temp_convs = nn.ModuleList(
            TemporalConv(channels, depth=config.temporal_conv_depth, norm_groups=config.norm_groups)
            for _ in range(num_layers)
        )
        self.attentions = nn.ModuleList(_text_transformer(config) for _ in range(num_attentions))
        self.temp_attns = nn.ModuleList(
            TemporalAttention(config.temporal_attention) for _ in range(num_attentions)
        )
        self.swap = SwapCrossAttention(config.swap) if config.swap else None
        self.temp_skip = (
            TemporalSkip(config.skip_channels, channels, config.skip_shrink)
            if config.skip_channels
            else None
        )

    def convolve(
        self,
        index: int,
        hidden: Float[Tensor, "F Cin H W"],
        given: Conditions,
        carried: Float[Tensor, "F Cc Hc Wc"] | None = None,
    ) -> tuple[Float[Tensor, "F C H W"], Float[Tensor, "F C H W"]]:
        """Runs residual block `index` and its temporal convolution."""
        spatial = self._run(self.resnets[index], hidden, given.time)
        if given.still:
            return spatial, torch.zeros_like(spatial)
        motion = spatial
        if carried is not None and self.temp_skip is not None:
            motion = spatial + self.temp_skip(carried, spatial.shape[2:])
        return spatial, self._run(self.temp_convs[index], motion, given.num_frames)

    def attend(
        self, index: int, hidden: Float[Tensor, "F C H W"], given: Conditions
    ) -> tuple[Float[Tensor, "F C H W"], Float[Tensor, "F C H W"]]:
        """Runs text transformer `index` and its temporal attention."""
        (spatial,) = self.attentions[index](hidden, given.text[index], return_dict=False)
        if given.still:
            return spatial, torch.zeros_like(spatial)
        return spatial, self._run(self.temp_attns[index], spatial, given.num_frames)

    def project_text(self, text: Float[Tensor, "B L D"]) -> tuple[TextKeys, ...]:
        """The prompts' keys and values for each text attention of the block."""
        return tuple(
            keys_of(cast(Attention, transformer.get_submodule("transformer_blocks.0.attn2")), text)
            for transformer in self.attentions
        )

    def finish(
        self,
        spatial: Float[Tensor, "F C H W"],
        temporal: Float[Tensor, "F C H W"],
        given: Conditions,
    ) -> Float[Tensor, "F C H W"]:
        """Joins the last pair of an encoder or decoder block: Swap-CA, or the sum before it."""
        if self.swap is None or not self.swap_active or given.still:
            return spatial + temporal
        streams = (
            rearrange(stream, "(b t) c h w -> b c t h w", t=given.num_frames)
            for stream in (spatial, temporal)
        )
        return rearrange(self._run(self.swap, *streams), "b c t h w -> (b t) c h w")

    def _run(self, module: nn.Module, *inputs: object) -> Tensor:
        return run_module(self, module, *inputs)


class LayeredBlock(SpaceTimeBlock):
    """What encoder and decoder blocks share: layers in a row, the last one joined by Swap-CA."""

    def __init__(self, config: BlockConfig) -> None:
        num_layers = len(config.layer_inputs)
        super().__init__(config, num_layers if config.attends else 0)
        self.conv_fuses = nn.ModuleList(Fuse(config.channels) for _ in self.attentions)
        num_fuses = num_layers - 1 + config.fuses_end
        self.end_fuses = nn.ModuleList(Fuse(config.channels) for _ in range(num_fuses))

    def layer(
        self,
        index: int,
        hidden: Float[Tensor, "F Cin H W"],
        given: Conditions,
        carried: Float[Tensor, "F Cc Hc Wc"] | None,
    ) -> tuple[Float[Tensor, "F C H W"], Float[Tensor, "F C H W"]]:
        """Runs one layer; returns the joined features and the temporal stream."""
        spatial, temporal = self.convolve(index, hidden, given, carried)
        if len(self.attentions):
            joined = self.conv_fuses[index](spatial, temporal)
            spatial, temporal = self.attend(index, joined, given)
        if index < len(self.end_fuses):
            return self.end_fuses[index](spatial, temporal), temporal
        return self.finish(spatial, temporal, given), temporal


class DownBlock(LayeredBlock):
    """An encoder block: layers, then half the height and width."""

    def __init__(self, config: BlockConfig, *, downsamples: bool) -> None:
        super().__init__(config)
        self.downsamplers = nn.ModuleList(
            Downsample2D(config.channels, use_conv=True, out_channels=config.channels, name="op")
            for _ in range(downsamples)
        )

    def forward(
        self,
        hidden: Float[Tensor, "F Cin H W"],
        given: Conditions,
        carried: Float[Tensor, "F Cc Hc Wc"] | None,
    ) -> tuple[list[Tensor], Float[Tensor, "F C H W"]]:
        """Returns every feature that the decoder will want, the last one last, and the motion."""
        kept = []
        for index in range(len(self.resnets)):
            hidden, temporal = self.layer(index, hidden, given, carried if index == 0 else None)
            kept.append(hidden)
        for downsampler in self.downsamplers:
            kept.append(downsampler(hidden))
        return kept, temporal


class MiddleBlock(SpaceTimeBlock):
    """Residual block, attention, residual block, at the smallest size; fused, without Swap-CA."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__(config, num_attentions=1)
        self.conv_fuses = nn.ModuleList(Fuse(config.channels) for _ in self.resnets)
        self.end_fuses = nn.ModuleList([Fuse(config.channels)])

    def forward(
        self, hidden: Float[Tensor, "F C H W"], given: Conditions
    ) -> Float[Tensor, "F C H W"]:
        """Transforms the features of the smallest size."""
        hidden = self.conv_fuses[0](*self.convolve(0, hidden, given))
        hidden = self.end_fuses[0](*self.attend(0, hidden, given))
        return self.conv_fuses[1](*self.convolve(1, hidden, given))


class UpBlock(LayeredBlock):
    """A decoder block: layers that each take one kept feature, then the size of the next ones."""

    def __init__(self, config: BlockConfig, *, upsamples: bool) -> None:
        super().__init__(config)
        self.upsamplers = nn.ModuleList(
            Upsample2D(config.channels, use_conv=True, out_channels=config.channels)
            for _ in range(upsamples)
        )

    def forward(
        self,
        hidden: Float[Tensor, "F Cin H W"],
        kept: list[Tensor],
        given: Conditions,
        carried: Float[Tensor, "F Cc Hc Wc"] | None,
    ) -> tuple[Float[Tensor, "F C Hn Wn"], Float[Tensor, "F C H W"]]:
        """Takes as many features from the end of `kept` as there are layers, the last one first.

        `kept` stays as it is, since a wrapper of the module may hand over a copy.
        """
        kept = list(kept)
        for index in range(len(self.resnets)):
            joined = torch.cat([hidden, kept.pop()], dim=1)
            hidden, temporal = self.layer(index, joined, given, carried if index == 0 else None)
        for upsampler in self.upsamplers:
            # Not twice the size: an odd one, such as 43, was halved to 22.
            hidden = upsampler(hidden, output_size=kept[-1].shape[2:])
        return hidden, temporal


def _text_transformer(config: BlockConfig) -> Transformer2DModel:
    transformer = Transformer2DModel(
        config.num_heads,
        config.channels // config.num_heads,
        in_channels=config.channels,
        cross_attention_dim=config.text_dim,
        norm_num_groups=config.norm_groups,
        use_linear_projection=config.linear_projection,
    )
    for block in transformer.transformer_blocks:
        block.attn1.set_processor(FrameAttention())
        block.attn2.set_processor(FrameAttention())
    return transformer
