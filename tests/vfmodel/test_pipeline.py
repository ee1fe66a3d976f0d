import json
import logging

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

from hdvg.errors import InputError
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.unet import SwapUNet


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def sample(pipeline, prompt="a red circle", **options):
    settings = {"num_inference_steps": 3, "output_type": "latent", "generator": seeded()}
    return pipeline(prompt, **(settings | options)).frames


def tokens_of(pipeline, prompt):
    ids = pipeline.tokenizer(
        prompt,
        padding="max_length",
        truncation=True,
        max_length=pipeline.tokenizer.model_max_length,
        return_tensors="pt",
    ).input_ids
    with torch.no_grad():
        return pipeline.text_encoder(ids).last_hidden_state


@pytest.mark.parametrize(("scale", "prediction"), [(5.0, "epsilon"), (1.0, "v_prediction")])
@torch.no_grad()
def test_equals_ddim_written_by_hand(tiny_pipeline, scale, prediction):
    """Song et al. (2021), equation (12) with sigma = 0, guidance of Ho and Salimans (2022)."""
    tiny_pipeline.scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type=prediction,
    )
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000, dtype=torch.float64) ** 2
    alpha_bar = (1 - betas).cumprod(0)
    text, null = tokens_of(tiny_pipeline, "a red circle"), tokens_of(tiny_pipeline, "blurred")
    x = torch.randn(1, 4, 3, 3, 5, generator=seeded())
    for time in (750, 500, 250, 0):
        predicted = tiny_pipeline.unet(x, time, text).sample
        if scale > 1:
            unguided = tiny_pipeline.unet(x, time, null).sample
            predicted = unguided + scale * (predicted - unguided)
        signal, sigma = alpha_bar[time].sqrt(), (1 - alpha_bar[time]).sqrt()
        if prediction == "epsilon":
            noise, clean = predicted, (x - sigma * predicted) / signal
        else:
            noise, clean = signal * predicted + sigma * x, signal * x - sigma * predicted
        before = alpha_bar[time - 250] if time else torch.tensor(1.0)
        x = (before.sqrt() * clean + (1 - before).sqrt() * noise).float()
    actual = sample(
        tiny_pipeline, num_inference_steps=4, guidance_scale=scale, negative_prompt="blurred"
    )
    torch.testing.assert_close(actual, x, rtol=1e-4, atol=1e-4)


def test_guidance_of_one_is_none(tiny_pipeline):
    calls = []
    tiny_pipeline.unet.register_forward_hook(lambda _, given, __: calls.append(len(given[0])))
    one = sample(tiny_pipeline, guidance_scale=1.0, negative_prompt="blurred")
    assert torch.equal(one, sample(tiny_pipeline, guidance_scale=0.5))
    assert set(calls) == {1}
    sample(tiny_pipeline, guidance_scale=1.5)
    assert calls[-1] == 2


def test_videos_of_a_prompt_are_those_made_one_by_one(tiny_pipeline):
    together = sample(
        tiny_pipeline,
        ["a red circle", "a blue square"],
        num_videos_per_prompt=2,
        generator=[seeded(n) for n in range(4)],
    )
    assert len(together) == 4
    for index, prompt in enumerate(["a red circle"] * 2 + ["a blue square"] * 2):
        alone = sample(tiny_pipeline, prompt, generator=seeded(index))
        torch.testing.assert_close(together[index : index + 1], alone, rtol=1e-4, atol=1e-4)


def test_seeds_decide(tiny_pipeline):
    first = sample(tiny_pipeline)
    assert torch.equal(sample(tiny_pipeline), first)
    assert not torch.equal(sample(tiny_pipeline, generator=seeded(1)), first)
    given = torch.randn(1, 4, 3, 3, 5, generator=seeded())
    assert torch.equal(sample(tiny_pipeline, latents=given, generator=None), first)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_sampling_starts_from_the_noise_of_the_training(tiny_pipeline, tmp_path):
    """Whatever the scheduler is exchanged for, and after saving and loading."""
    tiny_pipeline.register_to_config(noise_sharing=0.5)
    tiny_pipeline.save_pretrained(tmp_path)
    loaded = VideoFactoryPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    loaded.scheduler = UniPCMultistepScheduler.from_config(loaded.scheduler.config)
    shape = (1, 4, 3, 3, 5)
    generator = seeded()
    own = torch.randn(shape, generator=generator)
    shared = torch.randn((1, 4, 1, 3, 5), generator=generator)
    mixed = (own + shared) / 2**0.5
    told = sample(loaded, latents=mixed, generator=None)
    torch.testing.assert_close(sample(loaded), told, rtol=1e-4, atol=1e-4)
    both = sample(loaded, ["a", "b"], generator=[seeded(0), seeded(1)])
    alone = sample(loaded, "b", generator=seeded(1))
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)


def test_saved_and_loaded(tiny_pipeline, tmp_path):
    tiny_pipeline.save_pretrained(tmp_path)
    index = json.loads((tmp_path / "model_index.json").read_text())
    assert index["unet"] == ["vfmodel.unet", "SwapUNet"]
    weights = {path.suffix for path in tmp_path.rglob("*") if path.stat().st_size > 4096}
    assert weights <= {".safetensors", ".json", ".txt"}
    loaded = VideoFactoryPipeline.from_pretrained(tmp_path)
    loaded.set_progress_bar_config(disable=True)
    assert isinstance(loaded.unet, SwapUNet)
    assert torch.equal(sample(loaded), sample(tiny_pipeline))


@pytest.mark.parametrize(
    ("options", "dtype"), [({}, torch.float32), ({"dtype": torch.bfloat16}, torch.bfloat16)]
)
def test_half_precision_weights_load_in_the_precision_asked_for(
    tiny_pipeline, tmp_path, options, dtype
):
    tiny_pipeline.to(torch.float16).save_pretrained(tmp_path)
    loaded = VideoFactoryPipeline.from_pretrained(tmp_path, **options)
    loaded.set_progress_bar_config(disable=True)
    parts = (loaded.unet, loaded.vae, loaded.text_encoder)
    assert [part.dtype for part in parts] == [dtype] * 3
    assert sample(loaded, output_type="pt").isfinite().all()


def test_output_types_agree(tiny_pipeline):
    tensor = sample(tiny_pipeline, output_type="pt")
    assert tensor.shape == (1, 3, 3, 24, 40)
    assert tensor.min() >= 0
    assert tensor.max() <= 1
    array = sample(tiny_pipeline, output_type="np")
    assert np.array_equal(array, tensor.permute(0, 1, 3, 4, 2).numpy())
    latents = sample(tiny_pipeline)
    with torch.no_grad():
        decoded = [
            tiny_pipeline.vae.decode(latents[:, :, frame] / 0.18215).sample for frame in range(3)
        ]
    expected = (torch.stack(decoded, dim=1) / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(tensor, expected, rtol=0, atol=1e-5)


def test_decoding_in_chunks_changes_nothing(tiny_pipeline):
    whole = sample(tiny_pipeline, output_type="pt")
    parts = sample(tiny_pipeline, output_type="pt", decode_chunk_size=1)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-5)


def test_size_and_length_can_be_chosen(tiny_pipeline):
    frames = sample(tiny_pipeline, height=16, width=24, num_frames=5)
    assert frames.shape == (1, 4, 5, 2, 3)


def test_the_callback_sees_and_replaces(tiny_pipeline):
    seen = []

    def callback(pipeline, step, timestep, offered):
        assert pipeline is tiny_pipeline
        seen.append((step, int(timestep), set(offered)))
        return {"latents": torch.zeros_like(offered["latents"])} if step == 2 else None

    frames = sample(tiny_pipeline, callback_on_step_end=callback)
    assert [step for step, _, _ in seen] == [0, 1, 2]
    assert seen[0][1] > seen[2][1]
    assert seen[0][2] == {"latents", "prompt_embeds"}
    assert not frames.any()


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize(
    "scheduler", [DPMSolverMultistepScheduler, UniPCMultistepScheduler, EulerDiscreteScheduler]
)
def test_schedulers_swap(tiny_pipeline, scheduler):
    ddim = sample(tiny_pipeline, num_inference_steps=4)
    tiny_pipeline.scheduler = scheduler.from_config(tiny_pipeline.scheduler.config)
    frames = sample(tiny_pipeline, num_inference_steps=4)
    assert frames.shape == ddim.shape
    assert frames.isfinite().all()
    assert not torch.equal(frames, ddim)


def test_a_long_prompt_is_cut_with_a_warning(tiny_pipeline, caplog):
    prompt = " ".join(["circle"] * 100)
    with caplog.at_level(logging.WARNING):
        long = sample(tiny_pipeline, prompt)
    assert f"cut to {tiny_pipeline.tokenizer.model_max_length} tokens" in caplog.text
    assert long.isfinite().all()
    caplog.clear()
    sample(tiny_pipeline)
    assert not caplog.records


@pytest.mark.parametrize(
    ("prompt", "options", "named"),
    [
        ("", {}, "empty"),
        (["a cat", "  "], {}, "empty"),
        ([], {}, "no prompt"),
        ("x", {"height": 20}, "height 20"),
        ("x", {"width": 45}, "width 45"),
        ("x", {"num_inference_steps": 1001}, "1001"),
        ("x", {"generator": [seeded()] * 2}, "2 generators"),
        ("x", {"negative_prompt": ["a", "b"]}, "2 negative"),
        ("x", {"latents": torch.zeros(1, 4, 3, 3, 4)}, "latents"),
    ],
)
def test_refuses_by_name(tiny_pipeline, prompt, options, named):
    with pytest.raises(InputError, match=named):
        sample(tiny_pipeline, prompt, **options)


def test_parts_must_fit(tiny_pipeline):
    parts = dict(tiny_pipeline.components)
    config = dict(parts["unet"].config) | {"text_dim": 6}
    parts["unet"] = SwapUNet.from_config(config)
    with pytest.raises(InputError, match="text_dim is 6"):
        VideoFactoryPipeline(**parts)
    with pytest.raises(InputError, match=r"noise_sharing .* got 1\.5"):
        VideoFactoryPipeline(**tiny_pipeline.components, noise_sharing=1.5)


def test_the_text_is_projected_once_and_it_makes_no_difference(tiny_pipeline, monkeypatch):
    calls = []
    for name, module in tiny_pipeline.unet.named_modules():
        if name.endswith("attn2.to_k"):
            module.register_forward_hook(lambda *_: calls.append(1))
    latents = sample(tiny_pipeline, num_inference_steps=4)
    attentions = len(calls)
    monkeypatch.setattr(tiny_pipeline, "_prepare_text", lambda embeds: embeds)
    assert torch.equal(sample(tiny_pipeline, num_inference_steps=4), latents)
    assert len(calls) == attentions + 4 * attentions


def test_a_prompt_that_a_callback_changes_is_projected_anew(tiny_pipeline, monkeypatch):
    def change(pipeline, index, timestep, tensors):
        return {"prompt_embeds": tensors["prompt_embeds"].flip(1)} if index == 1 else None

    latents = sample(tiny_pipeline, num_inference_steps=4, callback_on_step_end=change)
    assert not torch.equal(latents, sample(tiny_pipeline, num_inference_steps=4))
    monkeypatch.setattr(tiny_pipeline, "_prepare_text", lambda embeds: embeds)
    plain = sample(tiny_pipeline, num_inference_steps=4, callback_on_step_end=change)
    assert torch.equal(latents, plain)


def test_weights_that_are_elsewhere_are_left_to_the_forward_pass(tiny_pipeline):
    embeds = torch.randn(2, 7, 8)
    assert tiny_pipeline._prepare_text(embeds) is not embeds
    tiny_pipeline.unet.to("meta")
    assert tiny_pipeline._prepare_text(embeds) is embeds
