"""The stand-in autoencoder's training, at a size of seconds."""

import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from vfmodel.scene_clips import random_frames
from vfmodel.stand_in_training.vae import (
    VAETrainingConfig,
    cosine_warmup,
    edge_loss,
    measure_scaling_factor,
    reconstruction_psnr_db,
    train_vae,
)


def frames(step):
    return torch.from_numpy(random_frames(step, 2, 32, 48)[0])


def test_a_few_steps_come_near_block_means_and_set_the_scaling_factor():
    config = VAETrainingConfig(channels=(8, 8, 16, 16), num_steps=100)
    vae = train_vae(frames, config)
    unseen = frames(10**5)
    pixels = unseen.double() / 255
    means = (
        torch.nn.functional.avg_pool2d(pixels, 8).repeat_interleave(8, 2).repeat_interleave(8, 3)
    )
    floor = -10 * (means - pixels).square().flatten(1).mean(1).log10().mean().item()
    assert reconstruction_psnr_db(vae, unseen) > floor - 1.0
    assert vae.config.scaling_factor == measure_scaling_factor(vae, frames)
    with torch.no_grad():
        latents = vae.encode(frames(10**6).float() / 127.5 - 1).latent_dist.mean
    assert 0.3 < (latents * vae.config.scaling_factor).std() < 3.0


def test_the_learning_rate_warms_up_and_ends_at_zero():
    assert cosine_warmup(0, 100, 10) == pytest.approx(0.1)
    assert cosine_warmup(10, 110, 10) == pytest.approx(1.0)
    assert cosine_warmup(60, 110, 10) == pytest.approx(0.5)
    assert cosine_warmup(110, 110, 10) == pytest.approx(0.0)


def test_edges_are_finite_differences():
    a, b = np.random.default_rng(0).random((2, 2, 3, 4, 5))
    d = a - b
    want = np.abs(d[..., 1:] - d[..., :-1]).mean() + np.abs(d[..., 1:, :] - d[..., :-1, :]).mean()
    assert edge_loss(torch.tensor(a).float(), torch.tensor(b).float()).item() == pytest.approx(
        want, rel=1e-5
    )


@pytest.mark.parametrize("values", [{"channels": (8, 8)}, {"num_steps": 0}])
def test_settings_that_cannot_be_are_named(values):
    with pytest.raises(InputError, match=next(iter(values))):
        VAETrainingConfig(**values)
