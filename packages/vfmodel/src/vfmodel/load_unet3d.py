"""A ModelScope-like video U-Net's weights put into ours, which computes the same until trained.

The paper's model is reported to start from ModelScope's (Wang et al., 2023), which diffusers has as
UNet3DConditionModel. Its spatial modules have our names; its temporal ones are renamed here, and
the projections to query, key and value are joined into one.

Shape letters: none; this file moves named parameters.
"""

import re
from collections.abc import Mapping
from typing import Any

import torch
from diffusers import UNet3DConditionModel
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.inflate import Coverage, check_settings, load_all_but, single, with_changes
from vfmodel.unet_config import SwapUNetConfig

# What our temporal half adds to ModelScope's.
_OURS_ONLY = re.compile(
    r"(?:^|\.)(frame_embedding|fps_embedding|conv_fuses|end_fuses|swap|temp_skip)\."
)

_REQUIRED = {
    "act_fn": "silu",
    "downsample_padding": 1,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-5,
    "num_attention_heads": None,
    "time_cond_proj_dim": None,
}
_ATTENDS = {"CrossAttnDownBlock3D": True, "DownBlock3D": False}
_MIRROR = {"CrossAttnDownBlock3D": "CrossAttnUpBlock3D", "DownBlock3D": "UpBlock3D"}

# diffusers builds the attention behind the first convolution with as many heads, whatever the rest.
_ENTRY_HEADS = 8

# Their names -> ours, inside a temporal module; "qkv" marks what is joined.
_RENAMED = (
    (r"^transformer_in\.", "entry_attention."),
    (r"\.temp_attentions\.", ".temp_attns."),
    (r"\.transformer_blocks\.0\.norm1\.", ".norm_attention."),
    (r"\.transformer_blocks\.0\.attn1\.to_out\.0\.", ".to_out."),
    (r"\.transformer_blocks\.0\.attn1\.to_[qkv]\.", ".to_qkv."),
    (r"\.transformer_blocks\.0\.norm2\.", ".second.0."),
    (r"\.transformer_blocks\.0\.attn2\.to_[qkv]\.", ".second.1."),
    (r"\.transformer_blocks\.0\.attn2\.to_out\.0\.", ".second.2."),
    (r"\.transformer_blocks\.0\.norm3\.", ".feed_forward.0."),
    (r"\.transformer_blocks\.0\.ff\.", ".feed_forward.1."),
)
_CONVOLUTION = re.compile(r"\.temp_convs\.(\d+)\.conv(\d)\.(\d)\.")


def config_of_unet3d(unet3d: UNet3DConditionModel, **changes: object) -> SwapUNetConfig:
    """The config of the U-Net that a ModelScope-like one becomes.

    Args:
        unet3d: ModelScope's text-to-video U-Net, or one built like it.
        changes: Fields of `SwapUNetConfig` that it does not decide, such as `window`.

    Raises:
        InputError: It has a feature that ours has not, or decides a field of `changes`.
    """
    return with_changes(sizes_of_unet3d(unet3d), changes, "video U-Net")


def sizes_of_unet3d(unet3d: UNet3DConditionModel) -> dict[str, Any]:
    """Reads the fields of `SwapUNetConfig` that a ModelScope-like U-Net decides.

    Its `attention_head_dim` really is the width of a head, unlike the image U-Nets'.

    Raises:
        InputError: It has a feature that ours has not.
    """
    source = unet3d.config
    check_settings(source, _REQUIRED)
    down = tuple(source.down_block_types)
    mirrored = tuple(_MIRROR.get(kind) for kind in reversed(down))
    if None in mirrored or tuple(source.up_block_types) != mirrored:
        raise InputError(f"cannot load a U-Net with blocks {down} and {source.up_block_types}")
    head_dim = single(source.attention_head_dim, "attention_head_dim")
    return {
        "in_channels": source.in_channels,
        "out_channels": source.out_channels,
        "channels": tuple(source.block_out_channels),
        "layers_per_block": source.layers_per_block,
        "num_heads": tuple(width // head_dim for width in source.block_out_channels),
        "attention_levels": tuple(_ATTENDS[kind] for kind in down),
        "text_dim": source.cross_attention_dim,
        "norm_groups": source.norm_num_groups,
        "linear_projection": True,
        "temporal_conv_depth": 4,
        "feed_forward_mult": 4,
        "temporal_self_attentions": 2,
        "temporal_positions": "none",
        "entry_attention_heads": _ENTRY_HEADS,
    }


def load_unet3d(unet: nn.Module, weights: Mapping[str, Tensor]) -> Coverage:
    """Copies a ModelScope-like video U-Net's weights into ours of the same sizes.

    Raises:
        InputError: A weight has no place, has another shape, or a place stays empty that is not
            ours alone.
    """
    return load_all_but(_OURS_ONLY, unet, rename(weights), "video U-Net")


def rename(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under our names and in our shapes, in the order they are given."""
    renamed: dict[str, Tensor] = {}
    for name, weight in weights.items():
        ours = our_name(name)
        # A kernel (3, 1, 1) over [C, T, H, W] is a kernel (3, 1) over [C, T, H * W].
        value = weight.squeeze(-1) if weight.ndim == 5 else weight
        # Query, key and value follow each other in this order and become rows of one matrix.
        renamed[ours] = torch.cat([renamed[ours], value]) if ours in renamed else value
    return renamed


def our_name(name: str) -> str:
    """Our name of one of ModelScope's parameters; spatial ones have the same."""
    place = _CONVOLUTION.search(name)
    if place is not None:
        layer, number, part = (int(digits) for digits in place.groups())
        # Norm, activation, in all but the first a dropout, convolution.
        inner = part if number == 1 or part < 2 else part - 1
        return _CONVOLUTION.sub(f".temp_convs.{layer}.convs.{number - 1}.{inner}.", name)
    if name.startswith("transformer_in.") or ".temp_attentions." in name:
        for pattern, ours in _RENAMED:
            name = re.sub(pattern, ours, name)
    return name
