"""The video U-Nets that `benchmarks.unet_step` compares, with the same channels and heads.

Ours has ModelScope's temporal modules wherever UNet3DConditionModel has them ("paper" and
"scaled"). At "mini" ours is the model that ships, whose temporal modules are lighter.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from diffusers import UNet3DConditionModel, UNetMotionModel
from torch import nn

from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig

PAPER = SwapUNetConfig.paper()


@dataclass(frozen=True)
class Size:
    """One size of all the networks and of what they are given.

    Attributes:
        config: Ours; the others follow it.
        batch: Clips.
    """

    config: SwapUNetConfig
    batch: int

    @property
    def latents(self) -> tuple[int, int, int, int, int]:
        """B, C, T, H, W."""
        config = self.config
        shape = (config.num_frames, config.sample_height, config.sample_width)
        return (self.batch, config.in_channels, *shape)

    def label(self) -> str:
        """For people."""
        batch, _, frames, rows, columns = self.latents
        channels = ", ".join(map(str, self.config.channels))
        return f"{batch} x {frames}x{rows}x{columns}, channels {channels}"


SIZES = {
    "mini": Size(SwapUNetConfig(), batch=4),
    # The paper's U-Net and clip with a fifth of the width, which two cores can wait for.
    "scaled": Size(
        replace(PAPER, channels=(64, 128, 256, 256), num_heads=(1, 2, 4, 4), text_dim=256), batch=1
    ),
    "paper": Size(PAPER, batch=1),
}


def _ours(size: Size) -> nn.Module:
    return SwapUNet(size.config)


def _ours_adding(size: Size) -> nn.Module:
    unet = SwapUNet(size.config)
    unet.enable_swap(False)
    return unet


def _modelscope(size: Size) -> nn.Module:
    # Here a head's width has the name that elsewhere in diffusers means the number of heads.
    return UNet3DConditionModel(
        **_shared(size),
        **_blocks(size, "3D"),
        attention_head_dim=size.config.channels[0] // size.config.num_heads[0],
    )


def _animatediff(size: Size) -> nn.Module:
    heads = size.config.num_heads
    return UNetMotionModel(
        **_shared(size),
        **_blocks(size, "Motion"),
        num_attention_heads=heads,
        motion_num_attention_heads=heads,
        use_linear_projection=True,
    )


NETWORKS: dict[str, Callable[[Size], nn.Module]] = {
    "UNet3D": _modelscope,
    "ours, adding": _ours_adding,
    "ours, Swap-CA": _ours,
    "UNetMotion": _animatediff,
}


def _shared(size: Size) -> dict[str, Any]:
    config = size.config
    return {
        "block_out_channels": config.channels,
        "layers_per_block": config.layers_per_block,
        "cross_attention_dim": config.text_dim,
        "norm_num_groups": config.norm_groups,
    }


def _blocks(size: Size, kind: str) -> dict[str, Any]:
    attends = size.config.attention_levels
    return {
        f"{way.lower()}_block_types": tuple(
            f"{'CrossAttn' if here else ''}{way}Block{kind}" for here in levels
        )
        for way, levels in (("Down", attends), ("Up", attends[::-1]))
    }
