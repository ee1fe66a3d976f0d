"""First weights: equal to what was loaded, or a message that says which parameter does not fit."""

import dataclasses
import json

import pytest
import torch
from diffusers import UNet2DConditionModel, UNet3DConditionModel

from hdvg.errors import InputError
from vfmodel.initialise import build_unet, load_weights, saved_class
from vfmodel.unet import SwapUNet


@pytest.fixture
def saved(tiny_unet, tmp_path):
    unet = SwapUNet(tiny_unet)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter)
    unet.save_pretrained(tmp_path / "unet")
    return unet, str(tmp_path)


@pytest.fixture
def image_model(tiny_unet, tmp_path):
    unet = UNet2DConditionModel(
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=tiny_unet.channels,
        layers_per_block=1,
        attention_head_dim=tiny_unet.num_heads,
        cross_attention_dim=tiny_unet.text_dim,
        norm_num_groups=tiny_unet.norm_groups,
        use_linear_projection=True,
    )
    unet.save_pretrained(tmp_path / "unet")
    return unet, str(tmp_path)


def test_random_weights_depend_on_the_seed_alone(tiny_unet):
    torch.manual_seed(5)
    first = build_unet(tiny_unet, None, seed=1).state_dict()
    state = torch.get_rng_state()
    second = build_unet(tiny_unet, None, seed=1).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(torch.get_rng_state(), state)
    other = build_unet(tiny_unet, None, seed=2).state_dict()
    assert any(not torch.equal(first[name], other[name]) for name in first)


def test_a_model_of_one_rate_can_be_told_of_others(saved, tiny_unet):
    unet, folder = saved
    told = dataclasses.replace(tiny_unet, fps_conditioning=True)
    loaded = build_unet(told, folder, seed=0)
    given = torch.randn(1, 4, 2, 3, 4), 7, torch.randn(1, 5, tiny_unet.text_dim)
    assert torch.equal(loaded(*given, fps=30.0).sample, unet(*given).sample)


@pytest.mark.parametrize("with_config", [True, False])
def test_a_video_model_is_taken_over_whole(saved, tiny_unet, with_config):
    unet, folder = saved
    loaded = build_unet(tiny_unet if with_config else None, folder, seed=0)
    want = unet.state_dict()
    assert loaded.training
    assert all(torch.equal(value, want[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize("with_config", [True, False])
def test_an_image_model_becomes_the_spatial_part(image_model, tiny_unet, with_config):
    image_unet, folder = image_model
    video = build_unet(tiny_unet if with_config else None, folder, seed=0).eval()
    latents, text = torch.randn(1, 4, 2, 3, 5), torch.randn(1, 7, tiny_unet.text_dim)
    with torch.no_grad():
        frames = video(latents, torch.tensor([10]), text).sample
        for t in range(2):
            want = image_unet.eval()(latents[:, :, t], 10, text).sample
            torch.testing.assert_close(frames[:, :, t], want, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("with_config", [True, False])
def test_a_modelscope_model_is_taken_over_with_its_motion(tiny_unet, tmp_path, with_config):
    theirs = UNet3DConditionModel(
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        block_out_channels=tiny_unet.channels,
        layers_per_block=1,
        attention_head_dim=8,
        cross_attention_dim=tiny_unet.text_dim,
        norm_num_groups=tiny_unet.norm_groups,
    ).eval()
    theirs.save_pretrained(tmp_path / "unet")
    sizes = {
        "temporal_conv_depth": 4,
        "feed_forward_mult": 4,
        "temporal_self_attentions": 2,
        "temporal_positions": "none",
        "entry_attention_heads": 8,
    }
    config = dataclasses.replace(tiny_unet, **sizes) if with_config else None
    ours = build_unet(config, str(tmp_path), seed=0).eval()
    assert not with_config or ours.config.window == tiny_unet.window
    latents, text = torch.randn(1, 4, 3, 3, 5), torch.randn(1, 7, tiny_unet.text_dim)
    with torch.no_grad():
        expected = theirs(latents, 10, text).sample
        torch.testing.assert_close(ours(latents, 10, text).sample, expected, atol=1e-5, rtol=1e-5)
    with pytest.raises(InputError, match=r"temporal_conv_depth is 4 in .* and 1 here"):
        build_unet(tiny_unet, str(tmp_path), seed=0)


def test_another_number_of_heads_is_refused_although_every_shape_fits(image_model, tiny_unet):
    _, folder = image_model
    with pytest.raises(InputError, match=r"num_heads is \(1, 2\) in .* and \(2, 2\) here"):
        build_unet(dataclasses.replace(tiny_unet, num_heads=(2, 2)), folder, seed=0)


def test_other_sizes_are_named_with_both_shapes(saved, tiny_unet):
    _, folder = saved
    wider = dataclasses.replace(tiny_unet, channels=(16, 16))
    with pytest.raises(InputError, match=r"\S+ is \([\d, ]+\) there and \([\d, ]+\) here"):
        build_unet(wider, folder, seed=0)


def test_missing_and_unknown_parameters_are_named():
    module = torch.nn.Linear(2, 3)
    with pytest.raises(InputError, match=r"no parameter bias \(here \(3,\)\)"):
        load_weights(module, {"weight": torch.zeros(3, 2)}, "x")
    extra = module.state_dict() | {"more": torch.zeros(1)}
    with pytest.raises(InputError, match="unknown here: more"):
        load_weights(module, extra, "x")


def test_the_saved_class_is_read_without_loading_weights(tmp_path):
    (tmp_path / "unet").mkdir()
    (tmp_path / "unet" / "config.json").write_text(json.dumps({"_class_name": "SwapUNet"}))
    assert saved_class(str(tmp_path)) == "SwapUNet"
    (tmp_path / "unet" / "config.json").write_text("{")
    with pytest.raises(InputError, match="not a model config"):
        saved_class(str(tmp_path))
    with pytest.raises(InputError, match="/no/such"):
        saved_class("/no/such")
