"""Widths of the blocks against diffusers' image U-Net of the same sizes."""

from diffusers import UNet2DConditionModel

from vfmodel.hourglass import build_decoder, build_encoder
from vfmodel.unet_config import SwapUNetConfig


def widths(blocks):
    return [[(r.in_channels, r.out_channels) for r in block.resnets] for block in blocks]


def test_blocks_are_as_wide_as_those_of_an_image_unet():
    image = UNet2DConditionModel(
        block_out_channels=(8, 16, 24),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        cross_attention_dim=6,
        norm_num_groups=4,
    )
    config = SwapUNetConfig(
        channels=(8, 16, 24),
        layers_per_block=2,
        num_heads=(2, 2, 2),
        attention_levels=(True, True, False),
        text_dim=6,
        norm_groups=4,
    )
    encoder, decoder = build_encoder(config), build_decoder(config)
    assert widths(encoder) == widths(image.down_blocks)
    assert widths(decoder) == widths(image.up_blocks)
    assert [len(block.downsamplers) for block in encoder] == [1, 1, 0]
    assert [len(block.upsamplers) for block in decoder] == [1, 1, 0]
    assert [block.temp_skip is not None for block in (*encoder, *decoder)] == [
        False,
        True,
        True,
    ] * 2


def test_block_ends_are_joined_as_asked():
    ends = {}
    for block_end in ("swap", "fuse", "add"):
        config = SwapUNetConfig(block_end=block_end)
        blocks = [*build_encoder(config), *build_decoder(config)]
        ends[block_end] = [
            (block.swap is not None, len(block.end_fuses) - len(block.resnets) + 1)
            for block in blocks
        ]
    assert ends == {"swap": [(True, 0)] * 6, "fuse": [(False, 1)] * 6, "add": [(False, 0)] * 6}
