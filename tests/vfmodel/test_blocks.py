import pytest
import torch

from vfmodel.blocks import BlockConfig, Conditions, DownBlock, MiddleBlock, UpBlock
from vfmodel.swap_attention import SwapConfig
from vfmodel.temporal import TemporalAttentionConfig

SWAP = SwapConfig(channels=8, num_heads=2, window=(2, 2, 2), norm_groups=4)

ATTENTION = TemporalAttentionConfig(channels=8, num_heads=2, feed_forward_mult=2, norm_groups=4)


def config(*layer_inputs, **changes):
    settings = {
        "channels": 8,
        "layer_inputs": layer_inputs,
        "num_heads": 2,
        "attends": True,
        "time_dim": 16,
        "text_dim": 6,
        "norm_groups": 4,
        "linear_projection": True,
        "temporal_conv_depth": 1,
        "temporal_attention": ATTENTION,
        "swap": SWAP,
    }
    return BlockConfig(**(settings | changes))


def conditions(clips=2, frames=3):
    text = torch.randn(clips, 5, 6)
    return Conditions(torch.randn(clips * frames, 16), (text,) * 3, frames)


@pytest.mark.parametrize("attends", [True, False])
def test_an_encoder_block_halves_odd_sizes_upwards(attends):
    block = DownBlock(config(4, 8, attends=attends), downsamples=True)
    kept, motion = block(torch.randn(6, 4, 5, 43), conditions(), None)
    assert [tuple(x.shape[1:]) for x in kept] == [(8, 5, 43), (8, 5, 43), (8, 3, 22)]
    assert motion.shape == (6, 8, 5, 43)


def test_a_decoder_block_grows_to_the_size_of_what_comes_next():
    block = UpBlock(config(8 + 4, 8 + 8), upsamples=True)
    kept = [torch.randn(6, 3, 5, 43), torch.randn(6, 8, 3, 22), torch.randn(6, 4, 3, 22)]
    hidden, motion = block(torch.randn(6, 8, 3, 22), kept, conditions(), None)
    assert hidden.shape == (6, 8, 5, 43)
    assert motion.shape == (6, 8, 3, 22)
    assert len(kept) == 3  # it takes two and leaves the list alone


def test_the_temporal_stream_is_silent_at_first():
    block = DownBlock(config(4, skip_channels=3), downsamples=False)
    _, motion = block(torch.randn(6, 4, 5, 7), conditions(), torch.randn(6, 3, 9, 9))
    assert torch.equal(motion, torch.zeros_like(motion))


def test_the_carried_stream_reaches_the_first_temporal_module():
    block = DownBlock(config(4, skip_channels=3), downsamples=False)
    for module in (block.temp_skip, block.temp_convs):
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter)
    hidden, given = torch.randn(6, 4, 5, 7), conditions()
    quiet, _ = block(hidden, given, torch.zeros(6, 3, 9, 9))
    moved, _ = block(hidden, given, torch.randn(6, 3, 9, 9))
    assert (quiet[0] - moved[0]).abs().max() > 1e-3


def test_the_middle_block_keeps_the_shape_and_has_no_swap():
    block = MiddleBlock(config(8, 8, swap=None))
    assert block.swap is None
    hidden = torch.randn(6, 8, 3, 5)
    assert block(hidden, conditions()).shape == hidden.shape


def test_swap_alone_joins_the_last_layer():
    block = DownBlock(config(4, 8), downsamples=False)
    assert len(block.conv_fuses) == 2
    assert len(block.end_fuses) == 1
    unpaired = DownBlock(config(4, 8, attends=False), downsamples=False)
    assert len(unpaired.conv_fuses) == 0
    assert len(unpaired.end_fuses) == 1
