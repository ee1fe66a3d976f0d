import pytest
import torch

from vfsr.discriminator import Discriminator, feature_distance


@pytest.fixture
def discriminator():
    torch.manual_seed(0)
    return Discriminator(8)


def test_a_logit_for_each_pixel(discriminator):
    assert discriminator(torch.rand(2, 3, 16, 24)).shape == (2, 1, 16, 24)


def test_at_64_channels_it_is_real_esrgans():
    # 4.38 million parameters, the published size.
    count = sum(p.numel() for p in Discriminator(64).parameters())
    assert count == pytest.approx(4.38e6, rel=0.02)


def test_its_layers_have_spectral_norm_one(discriminator):
    for _ in range(60):
        discriminator(torch.rand(1, 3, 16, 16))
    for conv in (*discriminator.down, *discriminator.up, discriminator.last[0]):
        largest = torch.linalg.svdvals(conv.weight.flatten(1))[0]
        assert largest.item() == pytest.approx(1.0, abs=0.02)


def test_the_distance_is_zero_for_equals_and_reaches_the_result_only(discriminator):
    discriminator.eval()
    result = torch.rand(2, 3, 16, 16, requires_grad=True)
    truth = torch.rand(2, 3, 16, 16, requires_grad=True)
    assert feature_distance(discriminator, result, result).item() == 0
    feature_distance(discriminator, result, truth).backward()
    assert result.grad.abs().sum() > 0
    assert truth.grad is None
