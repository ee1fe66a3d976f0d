import pytest
import torch
from pipelines.through_autoencoder import ThroughAutoencoder

from vfmodel.pretrained import STAND_IN_PIPELINE
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.second_order import degrade


@pytest.fixture(scope="module")
def through():
    return ThroughAutoencoder.from_pretrained(STAND_IN_PIPELINE)


def test_whole_cells_are_what_diffusers_makes_of_them(through):
    frames = torch.rand(2, 3, 32, 48)
    vae = through.autoencoder.vae
    with torch.no_grad():
        means = vae.encode(frames * 2 - 1).latent_dist.mean
        truth = (vae.decode(means).sample / 2 + 0.5).clamp(0, 1)
    assert torch.allclose(through(frames), truth, atol=1e-5)


@pytest.mark.parametrize("size", [(24, 24), (17, 31), (1, 5)])
def test_any_size_comes_back_as_it_was(through, size):
    result = through(torch.rand(1, 3, *size))
    assert result.shape == (1, 3, *size)
    assert result.min() >= 0
    assert result.max() <= 1


def test_a_flat_frame_comes_back_nearly_flat(through):
    result = through(torch.full((1, 3, 32, 32), 0.5))
    assert (result - 0.5).abs().mean() < 0.1


def test_the_generators_degradation_takes_it_and_repeats_itself(through):
    config = DegradationConfig.generator()
    one, again = (
        degrade(
            torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(0)),
            generator=torch.Generator().manual_seed(1), config=config, reconstruct=through,
        )
        for _ in range(2)
    )  # fmt: skip
    assert one.shape == (2, 3, 16, 24)
    assert torch.equal(one, again)
