"""Another U-Net's weights put into a video U-Net, with nothing lost on the way unnoticed.

Shape letters: none; this file moves named parameters.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.unet_config import SwapUNetConfig

# The parameters that a video U-Net has and an image U-Net has not.
_VIDEO_ONLY = re.compile(
    r"(?:^|\.)(frame_embedding|fps_embedding|entry_attention|temp_convs|temp_attns|conv_fuses"
    r"|end_fuses|swap|temp_skip)\."
)

# What the spatial half is built with; an image U-Net that differs here computes something else.
_REQUIRED = {
    "act_fn": "silu",
    "addition_embed_type": None,
    "attention_type": "default",
    "center_input_sample": False,
    "class_embed_type": None,
    "conv_in_kernel": 3,
    "conv_out_kernel": 3,
    "cross_attention_norm": None,
    "downsample_padding": 1,
    "dual_cross_attention": False,
    "dropout": 0.0,
    "encoder_hid_dim": None,
    "encoder_hid_dim_type": None,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "mid_block_only_cross_attention": None,
    "mid_block_scale_factor": 1,
    "mid_block_type": "UNetMidBlock2DCrossAttn",
    "norm_eps": 1e-5,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "resnet_out_scale_factor": 1.0,
    "resnet_skip_time_act": False,
    "resnet_time_scale_shift": "default",
    "reverse_transformer_layers_per_block": None,
    "time_cond_proj_dim": None,
    "time_embedding_act_fn": None,
    "time_embedding_dim": None,
    "time_embedding_type": "positional",
    "timestep_post_act": None,
    "transformer_layers_per_block": 1,
}
_ATTENDS = {"CrossAttnDownBlock2D": True, "DownBlock2D": False}
_MIRROR = {"CrossAttnDownBlock2D": "CrossAttnUpBlock2D", "DownBlock2D": "UpBlock2D"}


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What became of every parameter of both networks.

    Attributes:
        source: What the weights come from.
        loaded: Names found in both, with equal shapes.
        new: Names only the video U-Net has; they keep their initial values.
    """

    source: str
    loaded: tuple[str, ...]
    new: tuple[str, ...]

    def __str__(self) -> str:
        kinds = Counter(found[1] for name in self.new if (found := _VIDEO_ONLY.search(name)))
        parts = ", ".join(f"{count} in {kind}" for kind, count in sorted(kinds.items()))
        return (
            f"{len(self.loaded)} parameters from the {self.source}, {len(self.new)} new ones"
            f" ({parts})"
        )


def config_of_unet2d(unet2d: UNet2DConditionModel, **changes: object) -> SwapUNetConfig:
    """The config of the video U-Net that an image U-Net becomes.

    Args:
        unet2d: A Stable Diffusion 1.x or 2.x U-Net, or one built like them.
        changes: Fields of `SwapUNetConfig` that the image U-Net does not decide, such as `window`.

    Raises:
        InputError: The image U-Net has a feature that the spatial half has not, or decides a field
            of `changes`.
    """
    return with_changes(sizes_of_unet2d(unet2d), changes, "image U-Net")


def sizes_of_unet2d(unet2d: UNet2DConditionModel) -> dict[str, Any]:
    """Reads the fields of `SwapUNetConfig` that an image U-Net decides.

    diffusers calls the number of heads of these networks `attention_head_dim`, for historical
    reasons; the same weights read with another number of heads load without an error and compute
    something else.

    Raises:
        InputError: The image U-Net has a feature that the spatial half has not.
    """
    source = unet2d.config
    check_settings(source, _REQUIRED)
    levels = len(source.block_out_channels)
    down = tuple(source.down_block_types)
    mirrored = tuple(_MIRROR.get(kind) for kind in reversed(down))
    if None in mirrored or tuple(source.up_block_types) != mirrored:
        raise InputError(f"cannot load a U-Net with blocks {down} and {source.up_block_types}")
    heads = source.num_attention_heads or source.attention_head_dim
    return {
        "in_channels": source.in_channels,
        "out_channels": source.out_channels,
        "channels": tuple(source.block_out_channels),
        "layers_per_block": single(source.layers_per_block, "layers_per_block"),
        "num_heads": (heads,) * levels if isinstance(heads, int) else tuple(heads),
        "attention_levels": tuple(_ATTENDS[kind] for kind in down),
        "text_dim": single(source.cross_attention_dim, "cross_attention_dim"),
        "norm_groups": source.norm_num_groups,
        "linear_projection": source.use_linear_projection,
    }


def load_spatial(unet: nn.Module, weights: Mapping[str, Tensor]) -> Coverage:
    """Copies an image U-Net's weights into a video U-Net of the same spatial sizes.

    Raises:
        InputError: A weight has no place, has another shape, or a spatial place stays empty.
    """
    return load_all_but(_VIDEO_ONLY, unet, weights, "image U-Net")


def load_all_but(
    may_be_new: re.Pattern[str], unet: nn.Module, weights: Mapping[str, Tensor], source: str
) -> Coverage:
    """Copies weights into the parameters of their names; those left over must match a pattern.

    Raises:
        InputError: A weight has no place, has another shape, or a place stays empty that should
            not.
    """
    own = unet.state_dict()
    for name, weight in weights.items():
        if name not in own:
            raise InputError(f"the {source}'s {name} has no place in the video U-Net")
        if own[name].shape != weight.shape:
            raise InputError(
                f"{name} is {tuple(weight.shape)} in the {source} and"
                f" {tuple(own[name].shape)} in the video U-Net"
            )
    new = tuple(name for name in own if name not in weights)
    for name in new:
        if not may_be_new.search(name):
            raise InputError(f"the {source} lacks {name}")
    unet.load_state_dict(weights, strict=False)
    return Coverage(source=source, loaded=tuple(weights), new=new)


def spatial_weights(unet: nn.Module) -> dict[str, Tensor]:
    """The weights that an image U-Net of the same sizes would have, under the same names."""
    return {
        name: weight for name, weight in unet.state_dict().items() if not _VIDEO_ONLY.search(name)
    }


def check_settings(given: Mapping[str, Any], required: Mapping[str, Any]) -> None:
    """Refuses another architecture.

    Raises:
        InputError: A setting is there and is not what ours is built with.
    """
    for name, expected in required.items():
        value = given.get(name, expected)
        if value != expected:
            raise InputError(f"cannot load a U-Net with {name} = {value!r}, only {expected!r}")


def with_changes(
    inherited: Mapping[str, Any], changes: Mapping[str, object], source: str
) -> SwapUNetConfig:
    """The sizes that another U-Net decides, and the caller's own choice of the rest.

    Raises:
        InputError: A change to what is decided, or to a setting that does not exist.
    """
    decided = sorted(set(inherited) & set(changes))
    if decided:
        raise InputError(f"{decided[0]} is decided by the {source}: {inherited[decided[0]]!r}")
    return SwapUNetConfig.from_fields({**inherited, **changes})


def single(value: int | list[int] | tuple[int, ...], name: str) -> int:
    """The one value of a setting that may differ from level to level.

    Raises:
        InputError: It does differ.
    """
    values = {value} if isinstance(value, int) else set(value)
    if len(values) != 1:
        raise InputError(f"cannot load a U-Net whose {name} differs by level: {value}")
    return values.pop()
