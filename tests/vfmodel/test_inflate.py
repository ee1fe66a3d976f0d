import copy
import re
from dataclasses import asdict

import pytest
import torch
from diffusers import UNet2DConditionModel
from einops import rearrange

from hdvg.errors import InputError
from vfmodel.inflate import config_of_unet2d, load_spatial, sizes_of_unet2d, spatial_weights
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig

# The two generations differ in how transformers project and in how heads are counted.
GENERATIONS = {
    "sd1": {"use_linear_projection": False, "attention_head_dim": 4},
    "sd2": {"use_linear_projection": True, "attention_head_dim": (1, 2, 2)},
}


def image_unet(generation, **changes):
    torch.manual_seed(0)
    down = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")
    up = ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")
    settings = {
        "block_out_channels": (8, 16, 16),
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "cross_attention_dim": 6,
        "down_block_types": down,
        "up_block_types": up,
    }
    return UNet2DConditionModel(**(settings | GENERATIONS[generation] | changes)).eval()


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("size", [(24, 43), (12, 22), (32, 32)])
@torch.no_grad()
def test_is_the_image_model_frame_by_frame(generation, size):
    image = image_unet(generation)
    video = SwapUNet.from_unet2d(image, window=(2, 6, 11)).eval()
    for batch, frames in ((2, 1), (2, 2), (2, 8), (1, 16)):
        text, times = torch.randn(batch, 7, 6), torch.tensor([3, 700])[:batch]
        latents = torch.randn(batch, 4, frames, *size)
        images = rearrange(latents, "b c t h w -> (b t) c h w")
        given = (x.repeat_interleave(frames, dim=0) for x in (times, text))
        expected = rearrange(image(images, *given).sample, "(b t) c h w -> b c t h w", t=frames)
        video.enable_swap(False)
        added = video(latents, times, text).sample
        video.enable_swap()
        swapped = video(latents, times, text).sample
        torch.testing.assert_close(added, expected, rtol=0, atol=2e-6)
        assert torch.equal(swapped, added)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_image_half_is_given_back_unchanged(generation):
    image = image_unet(generation)
    returned = spatial_weights(SwapUNet.from_unet2d(image))
    assert returned.keys() == image.state_dict().keys()
    image_unet(generation).load_state_dict(returned, strict=True)
    assert all(torch.equal(returned[name], w) for name, w in image.state_dict().items())


def test_heads_are_read_as_heads():
    assert config_of_unet2d(image_unet("sd1")).num_heads == (4, 4, 4)
    assert config_of_unet2d(image_unet("sd2")).num_heads == (1, 2, 2)


def test_what_the_image_does_not_decide_can_be_chosen():
    video = SwapUNet.from_unet2d(image_unet("sd2"), num_frames=16, first_query="spatial")
    assert (video.config.num_frames, video.config.first_query) == (16, "spatial")
    with pytest.raises(InputError, match="num_heads"):
        SwapUNet.from_unet2d(image_unet("sd2"), num_heads=(1, 1, 1))
    with pytest.raises(InputError, match="windw"):
        SwapUNet.from_unet2d(image_unet("sd2"), windw=(1, 1, 1))


def test_precision_is_kept():
    assert SwapUNet.from_unet2d(image_unet("sd2").to(torch.bfloat16)).dtype == torch.bfloat16


def test_the_report_accounts_for_every_parameter():
    image = image_unet("sd2")
    video = SwapUNet(config_of_unet2d(image))
    coverage = load_spatial(video, image.state_dict())
    assert set(coverage.loaded) == set(image.state_dict())
    assert set(coverage.loaded) | set(coverage.new) == set(video.state_dict())
    assert str(coverage).startswith(f"{len(image.state_dict())} parameters")


def test_the_report_is_logged(caplog):
    with caplog.at_level("INFO", logger="vfmodel.unet"):
        SwapUNet.from_unet2d(image_unet("sd2"))
    (line,) = caplog.messages
    assert re.search(r"parameters from the image U-Net, \d+ new ones \(.*\d+ in swap", line)


def test_stable_diffusion_at_its_full_size_finds_a_place_for_every_weight():
    with torch.device("meta"):
        image = UNet2DConditionModel(
            cross_attention_dim=1024,
            attention_head_dim=(5, 10, 20, 20),
            use_linear_projection=True,
        )
        ours = SwapUNet(SwapUNetConfig.paper())
    paper = asdict(SwapUNetConfig.paper())
    sizes = sizes_of_unet2d(image)
    assert {name: paper[name] for name in sizes} == sizes
    spatial = spatial_weights(ours)
    assert {name: weight.shape for name, weight in spatial.items()} == {
        name: weight.shape for name, weight in image.state_dict().items()
    }


def test_no_weight_is_lost_in_silence():
    image = image_unet("sd2")
    video = SwapUNet(config_of_unet2d(image))
    weights = image.state_dict()
    with pytest.raises(InputError, match="extra"):
        load_spatial(video, weights | {"extra": torch.zeros(1)})
    with pytest.raises(InputError, match=r"conv_in.bias.*\(9,\).*\(8,\)"):
        load_spatial(video, weights | {"conv_in.bias": torch.zeros(9)})
    del weights["mid_block.attentions.0.norm.weight"]
    with pytest.raises(InputError, match=r"lacks mid_block\.attentions\.0\.norm\.weight"):
        load_spatial(video, weights)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"act_fn": "gelu"}, "act_fn"),
        ({"resnet_time_scale_shift": "scale_shift"}, "resnet_time_scale_shift"),
        ({"num_class_embeds": 3}, "num_class_embeds"),
        ({"transformer_layers_per_block": 2}, "transformer_layers_per_block"),
        ({"layers_per_block": (1, 2, 1)}, "layers_per_block"),
        ({"cross_attention_dim": (6, 4, 6)}, "cross_attention_dim"),
        ({"up_block_types": ("UpBlock2D", "UpBlock2D", "UpBlock2D")}, "UpBlock2D"),
    ],
)
def test_other_image_networks_are_refused_by_name(changes, named):
    with pytest.raises(InputError, match=named):
        config_of_unet2d(image_unet("sd2", **changes))


def test_the_image_network_is_not_touched():
    image = image_unet("sd1")
    before = copy.deepcopy(image.state_dict())
    SwapUNet.from_unet2d(image)
    assert all(torch.equal(before[name], weight) for name, weight in image.state_dict().items())
