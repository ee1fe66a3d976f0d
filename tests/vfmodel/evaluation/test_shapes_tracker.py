"""The tracker against rendered truth, as it is, blurred, noisy, and through the shipped VAE."""

import pytest
import torch
from scipy import ndimage

from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.evaluation.prompt_accuracy import add_up
from vfmodel.evaluation.shapes_prompts import draw_prompts
from vfmodel.evaluation.shapes_tracker import track


def render(prompts):
    return [prompt.render(8, 8.0, 96, 176).float() / 255 for prompt in prompts]


def shares(prompts, clips):
    seen = [track(clip, 8.0) for clip in clips]
    return {name: share.share for name, share in add_up(prompts, seen)["all"].items()}


def test_rendered_clips_are_read_without_a_mistake():
    prompts = draw_prompts(32, 11, 7 / 8)
    assert set(shares(prompts, render(prompts)).values()) == {1.0}


def test_blur_and_noise_are_endured():
    prompts = draw_prompts(12, 12, 7 / 8)
    noise = torch.Generator().manual_seed(0)
    clips = [
        torch.from_numpy(ndimage.gaussian_filter(clip.numpy(), (0, 0, 1.5, 1.5)))
        + 0.03 * torch.randn(clip.shape, generator=noise)
        for clip in render(prompts)
    ]
    assert set(shares(prompts, clips).values()) == {1.0}


@pytest.mark.slow
def test_the_shipped_autoencoder_hides_little():
    prompts = draw_prompts(64, 13, 7 / 8)
    autoencoder = VideoAutoencoder.from_pretrained()
    clips = [
        autoencoder.decode(autoencoder.encode(clip.transpose(0, 1)[None]))[0].transpose(0, 1)
        for clip in render(prompts)
    ]
    found = shares(prompts, clips)
    assert found["shape"] >= 0.9
    assert min(found[name] for name in ("colour", "background", "motion", "watermark")) >= 0.97


def test_an_empty_clip_has_a_background_and_nothing_else():
    seen = track(torch.full((4, 3, 96, 176), 130 / 255), 8.0)
    assert (seen.background, seen.colour, seen.shape, seen.motion) == ("grey", None, None, None)
    assert not seen.watermark


def test_the_frame_rate_and_the_frames_decide():
    down = [p for p in draw_prompts(12, 3, 7 / 8) if p.attributes["motion"] == "moving down"]
    [clip] = render(down[:1])
    assert track(clip, 8.0).motion == "moving down"
    # The same frames shown ten times slower hardly move.
    assert track(clip, 0.8).motion == "staying still"
    assert track(clip.flip(0), 8.0).motion == "moving up"
    assert track(clip.flip(2), 8.0).motion == "moving up"
