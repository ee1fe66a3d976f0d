import warnings

import pytest
import torch
from torch import Tensor, nn


class MeanColour(nn.Module):
    """A network whose feature is the mean of each channel."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3, 4))


@pytest.fixture(scope="session")
def script_file(tmp_path_factory):
    """`MeanColour` as TorchScript, which torch no longer recommends."""
    path = tmp_path_factory.mktemp("script") / "colour.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(MeanColour()), str(path))
    return path


def parts_of(tiny_base):
    """What both pipelines take from the tiny base: everything but U-Net and scheduler."""
    from diffusers import AutoencoderKL
    from transformers import CLIPTextModel, CLIPTokenizer

    return {
        "vae": AutoencoderKL.from_pretrained(tiny_base, subfolder="vae", low_cpu_mem_usage=False),
        "text_encoder": CLIPTextModel.from_pretrained(tiny_base, subfolder="text_encoder"),
        "tokenizer": CLIPTokenizer.from_pretrained(tiny_base, subfolder="tokenizer"),
    }


UNET_SIZES = {
    "layers_per_block": 1,
    "cross_attention_dim": 16,
    "attention_head_dim": 4,
    "norm_num_groups": 2,
}


@pytest.fixture(scope="session")
def baseline_folder(tiny_base, tmp_path_factory):
    """A random TextToVideoSDPipeline, ModelScope's class, that makes 4 frames of 16 x 24."""
    from diffusers import DDIMScheduler, TextToVideoSDPipeline, UNet3DConditionModel

    torch.manual_seed(0)
    unet = UNet3DConditionModel(
        block_out_channels=(4, 8),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        **UNET_SIZES,
    )
    scheduler = DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False)
    folder = tmp_path_factory.mktemp("baseline") / "modelscope"
    TextToVideoSDPipeline(**parts_of(tiny_base), unet=unet, scheduler=scheduler).save_pretrained(
        folder
    )
    return str(folder)


@pytest.fixture(scope="session")
def animated_folders(tiny_base, tmp_path_factory):
    """A random image model, as Stable Diffusion's folders are, and motion modules for it."""
    from diffusers import (
        DDIMScheduler,
        MotionAdapter,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )

    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        **UNET_SIZES,
    )
    pipeline = StableDiffusionPipeline(
        **parts_of(tiny_base),
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="linear", clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    adapter = MotionAdapter(
        block_out_channels=(8, 16),
        motion_layers_per_block=1,
        motion_norm_num_groups=2,
        motion_num_attention_heads=2,
    )
    for parameter in adapter.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # fresh ones add nothing
    folder = tmp_path_factory.mktemp("animated")
    pipeline.save_pretrained(folder / "images")
    adapter.save_pretrained(folder / "motion")
    return str(folder / "images"), str(folder / "motion")
