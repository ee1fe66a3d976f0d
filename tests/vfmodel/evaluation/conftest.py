import pytest
import torch


@pytest.fixture(scope="session")
def baseline_folder(tiny_base, tmp_path_factory):
    """A random TextToVideoSDPipeline, ModelScope's class, that makes 4 frames of 16 x 24."""
    from diffusers import (
        AutoencoderKL,
        DDIMScheduler,
        TextToVideoSDPipeline,
        UNet3DConditionModel,
    )
    from transformers import CLIPTextModel, CLIPTokenizer

    torch.manual_seed(0)
    unet = UNet3DConditionModel(
        block_out_channels=(4, 8),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=2,
    )
    pipeline = TextToVideoSDPipeline(
        vae=AutoencoderKL.from_pretrained(tiny_base, subfolder="vae", low_cpu_mem_usage=False),
        text_encoder=CLIPTextModel.from_pretrained(tiny_base, subfolder="text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(tiny_base, subfolder="tokenizer"),
        unet=unet,
        scheduler=DDIMScheduler(beta_schedule="scaled_linear", clip_sample=False),
    )
    folder = tmp_path_factory.mktemp("baseline") / "modelscope"
    pipeline.save_pretrained(folder)
    return str(folder)
