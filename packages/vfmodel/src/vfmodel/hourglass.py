"""The U-Net's encoder and decoder: which blocks there are, and what width each is given."""

from torch import nn

from vfmodel.blocks import DownBlock, UpBlock
from vfmodel.unet_config import SwapUNetConfig


def build_encoder(config: SwapUNetConfig) -> nn.ModuleList:
    """The blocks on the way down, largest size first."""
    blocks = nn.ModuleList()
    width = config.channels[0]
    for level, channels in enumerate(config.channels):
        settings = config.block(
            level,
            (width, *[channels] * (config.layers_per_block - 1)),
            **config.join_at(level),
            **(config.skip_from(width) if level else {}),
        )
        blocks.append(DownBlock(settings, downsamples=level + 1 < len(config.channels)))
        width = channels
    return blocks


def build_decoder(config: SwapUNetConfig) -> nn.ModuleList:
    """The blocks on the way up, each as wide at its inputs as what the encoder kept for it."""
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
            **config.join_at(levels + index),
            **(config.skip_from(came_from) if index else {}),
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
