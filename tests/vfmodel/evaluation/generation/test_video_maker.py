"""Our pipeline and a diffusers one, each against its own direct call."""

import json

import numpy as np
import pytest
import torch
from diffusers import (
    AnimateDiffPipeline,
    MotionAdapter,
    StableDiffusionPipeline,
    TextToVideoSDPipeline,
)
from huggingface_hub import constants

from hdvg.errors import InputError
from vfmodel.evaluation.generation import video_maker
from vfmodel.evaluation.generation.maker_config import MakerConfig
from vfmodel.evaluation.generation.video_maker import _to_frames, describe_maker, load_maker
from vfmodel.text_to_video import generate


@pytest.fixture
def our_folder(tiny_pipeline, tmp_path):
    tiny_pipeline.save_pretrained(tmp_path / "ours")
    return str(tmp_path / "ours")


def test_ours(our_folder, tiny_pipeline):
    make = load_maker(MakerConfig(model=our_folder, steps=2, guidance_scale=3.0), num_frames=2)
    video = make("a red circle", 5)
    want = generate(
        "a red circle", model=tiny_pipeline, seed=5, steps=2, guidance_scale=3.0, num_frames=2
    )
    assert torch.equal(video.frames, want.frames)
    assert video.fps == 4.0


def frames_of(pipeline, **settings):
    """What a pipeline of diffusers makes when it is asked as ours are below."""
    pipeline.set_progress_bar_config(disable=True)
    return pipeline(
        prompt="a red circle",
        generator=torch.Generator().manual_seed(5),
        num_frames=4,
        num_inference_steps=2,
        height=16,
        width=24,
        output_type="pt",
        **settings,
    ).frames[0]


def test_a_pipeline_of_diffusers(baseline_folder):
    config = MakerConfig(model=baseline_folder, steps=2, height=16, width=24, fps=6.0)
    make = load_maker(config, num_frames=4)
    video = make("a red circle", 5)
    pipeline = TextToVideoSDPipeline.from_pretrained(baseline_folder, low_cpu_mem_usage=False)
    want = frames_of(pipeline)
    assert video.frames.shape == (4, 3, 16, 24)
    assert torch.allclose(video.frames, want, atol=1e-6)
    assert video.fps == 6.0
    assert torch.equal(make("a red circle", 5).frames, video.frames)
    assert not torch.equal(make("a red circle", 6).frames, video.frames)


def test_animate_diff_is_an_image_model_with_motion_modules(animated_folders):
    images, motion = animated_folders
    settings = {"steps": 2, "height": 16, "width": 24, "guidance_scale": 3.0}
    config = MakerConfig(model=images, motion_adapter=motion, **settings)
    video = load_maker(config, num_frames=4)("a red circle", 5)
    adapter = MotionAdapter.from_pretrained(motion, low_cpu_mem_usage=False)
    parts = StableDiffusionPipeline.from_pretrained(images, low_cpu_mem_usage=False).components
    kept = ("vae", "text_encoder", "tokenizer", "unet", "scheduler")
    pipeline = AnimateDiffPipeline(**{k: parts[k] for k in kept}, motion_adapter=adapter)
    want = frames_of(pipeline, guidance_scale=3.0)
    assert video.frames.shape == (4, 3, 16, 24)
    assert torch.allclose(video.frames, want, atol=1e-6)
    assert video.frames.std(dim=0).max() > 1e-3  # frames are no copies of one picture
    assert describe_maker(config, 4)["motion_adapter_digest"]
    with pytest.raises(InputError, match="makes no videos"):
        load_maker(MakerConfig(model=images, **settings), 4)
    with pytest.raises(InputError, match="cannot load the model"):
        load_maker(MakerConfig(model=images, motion_adapter="/nowhere", **settings), 4)


def test_a_hubs_commit_is_told(monkeypatch, baseline_folder):
    commits = {"a/videos": "0123abc", "a/motion": "4567def"}
    monkeypatch.setattr(video_maker, "hub_revision", lambda source, file: commits.get(source, ""))
    config = MakerConfig(model="a/videos", motion_adapter="a/motion")
    told = describe_maker(config, 16)
    assert (told["model_revision"], told["motion_adapter_revision"]) == ("0123abc", "4567def")
    assert not {"model_revision", "motion_adapter_digest"} & set(
        describe_maker(MakerConfig(model=baseline_folder), 16)
    )


def test_pictures_and_bytes_are_frames_too():
    pictures = [np.full((4, 6, 3), 51, np.uint8)] * 2
    assert _to_frames(pictures).unique().tolist() == pytest.approx([0.2])
    with pytest.raises(ValueError, match=r"frames of shape \(2, 4, 6\)"):
        _to_frames([picture[..., 0] for picture in pictures])


def test_what_a_pipeline_cannot_be_asked_is_named(baseline_folder, tmp_path):
    from diffusers import DDIMPipeline, DDIMScheduler, UNet2DModel

    unet = UNet2DModel(
        block_out_channels=(8, 8),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        norm_num_groups=2,
        layers_per_block=1,
        attention_head_dim=4,
    )
    DDIMPipeline(unet=unet, scheduler=DDIMScheduler()).save_pretrained(tmp_path / "images")
    with pytest.raises(InputError, match=r"DDIMPipeline of .* makes no videos"):
        load_maker(MakerConfig(model=str(tmp_path / "images")), 4)
    with pytest.raises(InputError, match="no text-to-video model: /nowhere"):
        load_maker(MakerConfig(model="/nowhere"), 4)


def test_models_are_told_apart_by_their_files(baseline_folder, our_folder, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    config = MakerConfig(model=our_folder)
    described = describe_maker(config, 16)
    assert described["num_frames"] == 16
    assert json.loads(json.dumps(described)) == described
    assert describe_maker(MakerConfig(model=baseline_folder), 16)["model_digest"] not in (
        "",
        described["model_digest"],
    )
    (tmp_path / "ours" / "model_index.json").write_text("{}")
    assert describe_maker(config, 16)["model_digest"] != described["model_digest"]
    assert describe_maker(MakerConfig(model="nobody/nothing"), 16)["model_digest"] == ""
    assert describe_maker(MakerConfig(model="shipped"), 16)["model_digest"]
