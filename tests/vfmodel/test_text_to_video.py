import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import vfmodel
from hdvg.errors import InputError
from hdvg.video import Video
from vfmodel import text_to_video
from vfmodel.unet import SwapUNet


@pytest.fixture
def model_folder(tiny_pipeline, tmp_path):
    tiny_pipeline.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_a_folder_and_a_loaded_pipeline_give_the_same_video(tiny_pipeline, model_folder):
    videos = [
        vfmodel.generate("a red circle", model=model, seed=3, steps=2)
        for model in (tiny_pipeline, model_folder, str(model_folder))
    ]
    for video in videos:
        assert torch.equal(video.frames, videos[0].frames)
    assert videos[0].frames.shape == (3, 3, 24, 40)
    assert videos[0].fps == 4.0


def test_seeds(tiny_pipeline):
    def make(seed):
        return vfmodel.generate("x", model=tiny_pipeline, seed=seed, steps=1).frames

    assert torch.equal(make(1), make(1))
    assert not torch.equal(make(1), make(2))
    assert not torch.equal(make(None), make(None))


def test_other_sampling_fields_pass_through(tiny_pipeline):
    video = vfmodel.generate(
        "x", model=tiny_pipeline, steps=1, num_frames=2, height=16, width=16, negative_prompt="y"
    )
    assert video.frames.shape == (2, 3, 16, 16)


def test_a_model_of_several_rates_is_asked_for_one(tiny_pipeline):
    with pytest.raises(InputError, match=r"one rate, 4\.0 fps; got 12\.0"):
        vfmodel.generate("x", model=tiny_pipeline, steps=1, fps=12.0)
    config = dict(tiny_pipeline.unet.config) | {"fps_conditioning": True}
    told = SwapUNet.from_config(config)
    told.load_state_dict(told.untold() | tiny_pipeline.unet.state_dict())
    torch.nn.init.normal_(told.fps_embedding.linear_2.weight)
    tiny_pipeline.register_modules(unet=told)
    videos = {
        fps: vfmodel.generate("x", model=tiny_pipeline, steps=1, seed=0, fps=fps)
        for fps in (None, 4.0, 12.0)
    }
    assert [video.fps for video in videos.values()] == [4.0, 4.0, 12.0]
    assert torch.equal(videos[None].frames, videos[4.0].frames)
    assert not torch.equal(videos[12.0].frames, videos[4.0].frames)


def test_the_upscaler_gets_the_video(tiny_pipeline):
    def upscaler(video):
        return Video(video.frames.repeat_interleave(2, dim=-1), video.fps)

    video = vfmodel.generate("x", model=tiny_pipeline, steps=1, upscaler=upscaler)
    assert video.frames.shape == (3, 3, 24, 80)


def test_a_missing_packaged_model_says_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(text_to_video, "STAND_IN_PIPELINE", str(tmp_path / "none"))
    with pytest.raises(InputError, match=r"train_stand_ins\.py"):
        vfmodel.generate("x")


def test_a_folder_that_is_not_a_model_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=f"no model folder: {tmp_path / 'none'}"):
        vfmodel.generate("x", model=tmp_path / "none")
    with pytest.raises(InputError, match=r"no model_index\.json"):
        vfmodel.generate("x", model=tmp_path)
    (tmp_path / "model_index.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        vfmodel.generate("x", model=tmp_path)
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    with pytest.raises(InputError, match="StableDiffusionPipeline"):
        vfmodel.generate("x", model=tmp_path)


def reason(folder):
    with pytest.raises(InputError) as caught:
        vfmodel.generate("x", model=folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_weights_of_another_shape_are_refused(model_folder):
    weights = model_folder / "unet" / "diffusion_pytorch_model.safetensors"
    save_file(load_file(weights) | {"conv_in.bias": torch.zeros(9)}, weights)
    assert "conv_in.bias" in reason(model_folder)


def test_missing_weights_are_refused(model_folder):
    weights = model_folder / "unet" / "diffusion_pytorch_model.safetensors"
    state = load_file(weights)
    del state["conv_in.bias"]
    save_file(state, weights)
    assert "conv_in.bias" in reason(model_folder)


def test_another_unets_config_is_refused(model_folder):
    config = model_folder / "unet" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"down_block_types": ["A"]}))
    assert "down_block_types" in reason(model_folder)


def test_a_missing_part_is_refused(model_folder):
    shutil.rmtree(model_folder / "vae")
    assert "vae" in reason(model_folder)


def test_a_pickle_is_never_loaded(model_folder):
    weights = model_folder / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    assert "safetensors" in reason(model_folder)
