import copy
import re
from dataclasses import asdict

import pytest
import torch
from diffusers import UNet3DConditionModel
from torch import nn

from hdvg.errors import InputError
from vfmodel.load_unet3d import (
    config_of_unet3d,
    load_unet3d,
    our_name,
    rename,
    sizes_of_unet3d,
)
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig


def video_unet(**changes):
    torch.manual_seed(0)
    settings = {
        "block_out_channels": (8, 16, 16),
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "cross_attention_dim": 6,
        "attention_head_dim": 4,
        "down_block_types": ("CrossAttnDownBlock3D", "CrossAttnDownBlock3D", "DownBlock3D"),
        "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D", "CrossAttnUpBlock3D"),
    }
    unet = UNet3DConditionModel(**(settings | changes)).eval()
    for parameter in unet.parameters():  # its temporal convolutions start at zero, as ours do
        if not parameter.any():
            nn.init.normal_(parameter, std=0.1)
    return unet


@pytest.mark.parametrize("size", [(3, 24, 43), (1, 12, 22), (8, 9, 7)])
@pytest.mark.parametrize("changes", [{}, {"layers_per_block": 1, "attention_head_dim": 8}])
@torch.no_grad()
def test_computes_what_modelscopes_network_does(size, changes):
    theirs = video_unet(**changes)
    ours = SwapUNet.from_unet3d(theirs, window=(2, 6, 11)).eval()
    latents, text, times = torch.randn(2, 4, *size), torch.randn(2, 7, 6), torch.tensor([3, 700])
    expected = theirs(latents, times, text).sample
    added = ours.enable_swap(False) or ours(latents, times, text).sample
    ours.enable_swap()
    torch.testing.assert_close(added, expected, rtol=0, atol=5e-6 * expected.abs().max().item())
    assert torch.equal(ours(latents, times, text).sample, added)


def test_every_weight_of_theirs_is_used_once():
    theirs = video_unet()
    ours = SwapUNet(config_of_unet3d(theirs))
    coverage = load_unet3d(ours, theirs.state_dict())
    assert set(coverage.loaded) | set(coverage.new) == set(ours.state_dict())
    weights = ours.state_dict()
    loaded = sum(weights[name].numel() for name in coverage.loaded)
    assert loaded == sum(weight.numel() for weight in theirs.state_dict().values())
    kinds = {re.search(r"frame_embedding|fuses|swap|temp_skip", name)[0] for name in coverage.new}
    assert kinds == {"frame_embedding", "fuses", "swap", "temp_skip"}
    assert "from the video U-Net" in str(coverage)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("conv_in.weight", "conv_in.weight"),
        ("mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight",) * 2,
        ("mid_block.temp_convs.1.conv1.2.bias", "mid_block.temp_convs.1.convs.0.2.bias"),
        ("mid_block.temp_convs.1.conv4.3.bias", "mid_block.temp_convs.1.convs.3.2.bias"),
        ("mid_block.temp_convs.1.conv4.0.bias", "mid_block.temp_convs.1.convs.3.0.bias"),
        (
            "up_blocks.2.temp_attentions.1.transformer_blocks.0.attn2.to_out.0.bias",
            "up_blocks.2.temp_attns.1.second.2.bias",
        ),
        ("transformer_in.norm.weight", "entry_attention.norm.weight"),
    ],
)
def test_names(theirs, ours):
    assert our_name(theirs) == ours


def test_query_key_and_value_become_one_matrix_in_this_order():
    names = [f"transformer_in.transformer_blocks.0.attn1.to_{part}.weight" for part in "qkv"]
    weights = {name: torch.full((2, 3), i) for i, name in enumerate(names)}
    (joined,) = rename(weights).items()
    assert joined[0] == "entry_attention.to_qkv.weight"
    assert joined[1][:, 0].tolist() == [0, 0, 1, 1, 2, 2]


def test_no_weight_is_lost_in_silence():
    theirs = video_unet()
    ours, weights = SwapUNet(config_of_unet3d(theirs)), theirs.state_dict()
    with pytest.raises(InputError, match=r"video U-Net's extra has no place"):
        load_unet3d(ours, weights | {"extra": torch.zeros(1)})
    for lost in (
        "conv_in.bias",
        "transformer_in.norm.weight",
        "mid_block.temp_convs.0.conv2.0.bias",
    ):
        with pytest.raises(InputError, match=f"lacks {re.escape(our_name(lost))}"):
            load_unet3d(ours, {name: w for name, w in weights.items() if name != lost})
    one = "mid_block.temp_attentions.0.transformer_blocks.0.attn1.to_k.weight"
    with pytest.raises(InputError, match=r"to_qkv\.weight is \(32, 16\).*\(48, 16\)"):
        load_unet3d(ours, {name: w for name, w in weights.items() if name != one})


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"act_fn": "gelu"}, "act_fn"),
        ({"norm_eps": 1e-6}, "norm_eps"),
        ({"up_block_types": ("UpBlock3D",) * 3}, "UpBlock3D"),
    ],
)
def test_other_video_networks_are_refused_by_name(changes, named):
    with pytest.raises(InputError, match=named):
        config_of_unet3d(video_unet(**changes))


def test_what_it_decides_cannot_be_chosen():
    with pytest.raises(
        InputError, match="temporal_positions is decided by the video U-Net: 'none'"
    ):
        config_of_unet3d(video_unet(), temporal_positions="rotary")
    assert config_of_unet3d(video_unet(), swap_feed_forward_mult=2).swap(0).feed_forward_mult == 2


def test_the_loaded_network_is_not_touched():
    theirs = video_unet()
    before = copy.deepcopy(theirs.state_dict())
    SwapUNet.from_unet3d(theirs)
    assert all(torch.equal(before[name], weight) for name, weight in theirs.state_dict().items())


def test_modelscope_at_its_full_size_finds_a_place_for_every_weight():
    with torch.device("meta"):
        theirs = UNet3DConditionModel()
        ours = SwapUNet(SwapUNetConfig.paper())
    paper = asdict(SwapUNetConfig.paper())
    assert {name: paper[name] for name in sizes_of_unet3d(theirs)} == sizes_of_unet3d(theirs)
    places = {name: weight.shape for name, weight in ours.state_dict().items()}
    for name, weight in rename(theirs.state_dict()).items():
        assert places.pop(name) == weight.shape
    assert all(re.search(r"frame_embedding|_fuses|swap|temp_skip", name) for name in places)
