"""The video U-Net: an image U-Net whose every layer has a temporal partner, joined by Swap-CA.

Source: VideoFactory, figure 3, for the wiring; Stable Diffusion for the spatial part. Time is never
down-sampled.

Shape letters: B batch, C channels, T frames, H and W latent height and width, L text tokens, D text
width, F = B * T.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel, UNet3DConditionModel
from diffusers.configuration_utils import ConfigMixin
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.modeling_utils import ModelMixin
from diffusers.utils import BaseOutput
from einops import rearrange
from jaxtyping import Float, Num
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.attention import ProjectedText, Text
from vfmodel.blocks import Conditions, MiddleBlock, SpaceTimeBlock, run_module
from vfmodel.frame_embedding import FrameEmbedding
from vfmodel.fusion import TemporalSkip
from vfmodel.hourglass import build_decoder, build_encoder
from vfmodel.inflate import config_of_unet2d, load_spatial
from vfmodel.load_unet3d import config_of_unet3d, load_unet3d
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.temporal import TemporalAttention, TemporalConv
from vfmodel.unet_config import SwapUNetConfig

__all__ = ["SwapUNet", "SwapUNetConfig", "SwapUNetOutput"]

logger = logging.getLogger(__name__)


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
    _skip_layerwise_casting_patterns = (
        "norm",
        "time_embedding",
        "frame_embedding",
        "fps_embedding",
    )

    def __init__(self, config: SwapUNetConfig | None = None) -> None:
        super().__init__()
        self.gradient_checkpointing = False
        config = config or SwapUNetConfig()
        self.register_to_config(**asdict(config))
        first, last = config.channels[0], config.channels[-1]
        self.time_proj = Timesteps(first, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(first, 4 * first)
        told = config.text_dim if config.frame_text else None
        self.frame_embedding = FrameEmbedding(first, 4 * first, told)
        self.fps_embedding = _zero_embedding(first) if config.fps_conditioning else None
        self.conv_in = nn.Conv2d(config.in_channels, first, 3, padding=1)
        entry = config.entry_attention()
        self.entry_attention = TemporalAttention(entry) if entry else None
        self.down_blocks = build_encoder(config)
        self.mid_block = MiddleBlock(
            config.block(len(config.channels) - 1, (last, last), attends=True)
        )
        self.up_blocks = build_decoder(config)
        self.conv_norm_out = nn.GroupNorm(config.norm_groups, first, eps=1e-5)
        self.conv_act = nn.SiLU()
        self.conv_out = nn.Conv2d(first, config.out_channels, 3, padding=1)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], return_unused_kwargs: bool = False, **overrides: object
    ) -> "SwapUNet | tuple[SwapUNet, dict[str, Any]]":
        """Builds an untrained U-Net from its saved config, as diffusers' loaders ask for it.

        Raises:
            InputError: The config is another architecture's: it has a key that is not ours.
        """
        values = {key: value for key, value in config.items() if not key.startswith("_")}
        unet = cls(SwapUNetConfig.from_fields(values | overrides))
        return (unet, {}) if return_unused_kwargs else unet

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str], **options: object) -> "SwapUNet":
        """Loads a saved U-Net with diffusers' options, strictly.

        diffusers only logs weights that are missing, and a network with holes samples noise.

        Raises:
            InputError: The file lacks a weight, or has one that finds no place.
        """
        unet, report = super().from_pretrained(source, output_loading_info=True, **options)
        for problem, names in (
            ("lacks", report["missing_keys"]),
            ("has an unknown weight", report["unexpected_keys"]),
        ):
            if names:
                raise InputError(f"the U-Net in {os.fspath(source)} {problem} {sorted(names)[0]}")
        return unet

    @classmethod
    def from_unet2d(cls, unet2d: UNet2DConditionModel, **changes: object) -> "SwapUNet":
        """Builds the video U-Net that computes what an image U-Net does, frame by frame.

        Args:
            unet2d: A Stable Diffusion 1.x or 2.x U-Net, or one built like them.
            changes: Fields of `SwapUNetConfig` that the image U-Net does not decide.

        Raises:
            InputError: The image U-Net has a feature, or a weight, that finds no place.
        """
        unet = cls(config_of_unet2d(unet2d, **changes))._placed_as(unet2d)
        coverage = load_spatial(unet, unet2d.state_dict())
        logger.info("SwapUNet.from_unet2d: %s", coverage)
        return unet

    @classmethod
    def from_unet3d(cls, unet3d: UNet3DConditionModel, **changes: object) -> "SwapUNet":
        """Builds the U-Net that computes what ModelScope's does, until Swap-CA is trained.

        Args:
            unet3d: ModelScope's text-to-video U-Net, or one built like it.
            changes: Fields of `SwapUNetConfig` that it does not decide.

        Raises:
            InputError: It has a feature, or a weight, that finds no place.
        """
        unet = cls(config_of_unet3d(unet3d, **changes))._placed_as(unet3d)
        coverage = load_unet3d(unet, unet3d.state_dict())
        logger.info("SwapUNet.from_unet3d: %s", coverage)
        return unet

    def _placed_as(self, other: ModelMixin) -> "SwapUNet":
        """Moved to where another is, in its precision; diffusers warns even of an idle cast."""
        unet = self.to(other.device)
        return unet if other.dtype == self.dtype else unet.to(other.dtype)

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

    def untold(self) -> dict[str, Tensor]:
        """The weights that a model which was never told its clips' rate lacks, as they start."""
        names = [name for name in self.state_dict() if name.startswith("fps_embedding.")]
        return {name: self.state_dict()[name] for name in names}

    def resting_parameters(self, still: bool) -> list[nn.Parameter]:
        """The parameters that a forward pass makes no use of.

        They are Swap-CA's in the phase of addition, and the temporal half's for still images.
        """
        temporal = (TemporalConv, TemporalAttention, TemporalSkip, SwapCrossAttention)
        resting: list[nn.Parameter] = []
        for module in self.modules():
            swap_rests = isinstance(module, SwapCrossAttention) and not self.swap_active
            if swap_rests or (still and isinstance(module, temporal)):
                resting += module.parameters()
        if still:
            resting += self.frame_embedding.parameters()
            resting += self.fps_embedding.parameters() if self.fps_embedding is not None else []
        return resting

    def forward(
        self,
        sample: Float[Tensor, "B C T H W"],
        timestep: Num[Tensor, " B"] | Num[Tensor, ""] | int | float,
        encoder_hidden_states: Float[Tensor, "B L D"] | ProjectedText,
        return_dict: bool = True,
        still: bool = False,
        fps: Float[Tensor, " B"] | float | None = None,
    ) -> SwapUNetOutput | tuple[Tensor]:
        """Predicts from noisy latents, their timesteps in 0..999 and the prompts.

        Args:
            sample: Noisy latents.
            timestep: Of each clip, or of all.
            encoder_hidden_states: The prompts' tokens, or what `project_text` has made of them.
            return_dict: Whether a `SwapUNetOutput` or a plain tuple comes back.
            still: Whether the frames are images of their own, as in training on images beside
                videos: the temporal half rests, and frames know nothing of each other.
            fps: Frames per second of each clip, or of all, where `fps_conditioning` is on; None for
                the config's.
        """
        batch, _, num_frames, _, _ = sample.shape
        times = self._embed_time(timestep, sample)[:, None].expand(-1, num_frames, -1)
        text = encoder_hidden_states
        if not still:
            mean = text.mean(dim=1) if isinstance(text, Tensor) else text.mean
            times = times + self._embed_frames(sample, mean)
            if self.fps_embedding is not None:
                rates = torch.as_tensor(self.config.fps if fps is None else fps)
                times = times + self._embed_fps(rates.to(sample))[:, None]
        time, blocks = times.flatten(0, 1), self.blocks()
        texts: Sequence[tuple[Text, ...]] = (
            [(text,) * len(block.attentions) for block in blocks]
            if isinstance(text, Tensor)
            else text.keys
        )
        given = [Conditions(time, each, num_frames, still) for each in texts]
        hidden = self.conv_in(rearrange(sample, "b c t h w -> (b t) c h w"))
        if self.entry_attention is not None and not still:
            hidden = hidden + run_module(self, self.entry_attention, hidden, num_frames)
        kept, motion = [hidden], None
        levels = len(self.down_blocks)
        for block, told in zip(self.down_blocks, given[:levels], strict=True):
            more, motion = block(kept[-1], told, motion)
            kept += more
        hidden, motion = self.mid_block(kept[-1], given[levels]), None
        for block, told in zip(self.up_blocks, given[levels + 1 :], strict=True):
            hidden, motion = block(hidden, kept, told, motion)
            # A decoder block has one layer more than an encoder block, and takes one for each.
            kept = kept[: -(self.config.layers_per_block + 1)]
        hidden = self.conv_out(self.conv_act(self.conv_norm_out(hidden)))
        prediction = rearrange(hidden, "(b t) c h w -> b c t h w", b=batch)
        return SwapUNetOutput(sample=prediction) if return_dict else (prediction,)

    def project_text(self, text: Float[Tensor, "B L D"]) -> ProjectedText:
        """The prompts' keys and values for every text attention, and the mean of their tokens.

        They depend on the prompts and the weights alone, so a sampler makes them once and not at
        every step; the prediction is the same, bit for bit.
        """
        keys = tuple(block.project_text(text) for block in self.blocks())
        return ProjectedText(keys, text.mean(dim=1))

    def _embed_time(
        self, timestep: Num[Tensor, " B"] | Num[Tensor, ""] | int | float, sample: Tensor
    ) -> Float[Tensor, "B E"]:
        times = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        return self.time_embedding(self.time_proj(times).to(sample.dtype))

    def _embed_frames(self, sample: Tensor, text: Float[Tensor, "B D"]) -> Float[Tensor, "#B T E"]:
        places = torch.arange(sample.shape[2], device=sample.device)
        return self.frame_embedding(self.time_proj(places).to(sample.dtype), text)

    def _embed_fps(self, fps: Float[Tensor, "*B"]) -> Float[Tensor, "B E"]:
        """Tells every layer how long a frame lasts; zero at first. Source: VideoCrafter's U-Net."""
        assert self.fps_embedding is not None
        return self.fps_embedding(self.time_proj(fps.reshape(-1)).to(fps.dtype))

    def blocks(self) -> list[SpaceTimeBlock]:
        """All blocks in the order they run."""
        return [*self.down_blocks, self.mid_block, *self.up_blocks]


def _zero_embedding(channels: int) -> TimestepEmbedding:
    """An embedding of a number that says nothing until it is trained."""
    embedding = TimestepEmbedding(channels, 4 * channels)
    nn.init.zeros_(embedding.linear_2.weight)
    nn.init.zeros_(embedding.linear_2.bias)
    return embedding
