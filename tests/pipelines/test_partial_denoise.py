from types import SimpleNamespace

import pytest
import torch
from diffusers import DDIMScheduler
from pipelines.partial_denoise import PartialDenoise
from pipelines.through_autoencoder import ThroughAutoencoder

from hdvg.errors import InputError
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.pretrained import STAND_IN_PIPELINE


@pytest.fixture(scope="module")
def pipeline():
    return VideoFactoryPipeline.from_pretrained(STAND_IN_PIPELINE)


@pytest.fixture
def latents():
    return torch.randn(2, 4, 1, 3, 4, generator=torch.Generator().manual_seed(0))


class Oracle:
    """Predicts the velocity to latents that it knows (Salimans and Ho, 2022, appendix D)."""

    def __init__(self, clean, alphas):
        self.clean, self.alphas, self.seen = clean, alphas, []

    def __call__(self, noisy, timestep, text):
        alpha = self.alphas[timestep] ** 0.5
        sigma = (1 - self.alphas[timestep]) ** 0.5
        self.seen.append((int(timestep), noisy))
        noise = (noisy - alpha * self.clean) / sigma
        return SimpleNamespace(sample=alpha * noise - sigma * self.clean)


def test_a_model_that_knows_the_frame_gives_it_back(pipeline, latents):
    denoise = PartialDenoise(pipeline, strength=0.3, steps=3)
    scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    denoise.unet = Oracle(latents, scheduler.alphas_cumprod)
    assert torch.allclose(denoise(latents), latents, atol=1e-4)
    first, noisy = denoise.unet.seen[0]
    assert len(denoise.unet.seen) == 3
    assert first == pytest.approx(0.3 * 1000, abs=2)
    alpha = scheduler.alphas_cumprod[first]
    noise = (noisy - alpha**0.5 * latents) / (1 - alpha) ** 0.5
    assert abs(noise.std().item() - 1) < 0.25
    assert abs(torch.corrcoef(noise.flatten(1))[0, 1].item()) < 0.5


def test_more_strength_changes_more_and_nothing_is_left_to_chance(pipeline, latents):
    little, much = (PartialDenoise(pipeline, strength=s, steps=1) for s in (0.05, 0.8))
    changes = [(denoise(latents) - latents).abs().mean() for denoise in (little, much)]
    assert 0 < changes[0] < changes[1]
    assert torch.equal(little(latents), little(latents))
    assert torch.allclose(little(latents)[:1], little(latents[:1]), atol=1e-4)


def test_frames_pass_through_it(pipeline):
    through = ThroughAutoencoder.from_pretrained(STAND_IN_PIPELINE)
    frames = torch.rand(1, 3, 17, 31)
    without = through(frames)
    through.alter = PartialDenoise(pipeline, strength=0.2, steps=1)
    altered = through(frames)
    assert altered.shape == frames.shape
    assert not torch.equal(altered, without)


@pytest.mark.parametrize(("knob", "value"), [("strength", 0.0), ("strength", 1.5), ("steps", 0)])
def test_bad_settings_are_refused(pipeline, knob, value):
    with pytest.raises(InputError, match=f"{knob} must .* got {value}"):
        PartialDenoise(pipeline, **{"strength": 0.5, knob: value})
