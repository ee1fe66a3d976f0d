"""Moments of the noise against their closed forms."""

import pytest
import torch

from vfsr.degradation.noise import add_gaussian, add_poisson

SIZE = 200


def gray_image(level):
    return torch.full((3, SIZE, SIZE), level)


@pytest.mark.parametrize("is_gray", [True, False])
@pytest.mark.parametrize("sigma", [2.0, 10.0])
def test_gaussian_moments(sigma, is_gray):
    noise = (add_gaussian(gray_image(0.5), sigma, is_gray, 1) - 0.5) * 255
    n = noise[0].numel()
    assert noise.mean().abs() < 4 * sigma / n**0.5
    assert noise.std().item() == pytest.approx(sigma, rel=0.03)


def test_gray_noise_is_one_field_and_colour_noise_three():
    gray = add_gaussian(gray_image(0.5), 10.0, True, 1) - 0.5
    assert torch.equal(gray[0], gray[1])
    assert torch.equal(gray[0], gray[2])
    colour = add_gaussian(gray_image(0.5), 10.0, False, 1) - 0.5
    correlation = torch.corrcoef(colour.flatten(1)) - torch.eye(3)
    assert correlation.abs().max() < 4 / SIZE


@pytest.mark.parametrize("add", [add_gaussian, add_poisson])
@pytest.mark.parametrize("is_gray", [True, False])
def test_noise_of_two_images_is_independent_and_of_one_seed_equal(add, is_gray):
    one, other = (add(gray_image(0.5), 2.0, is_gray, seed) - 0.5 for seed in (1, 2))
    assert torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1].abs() < 0.03
    assert torch.equal(one, add(gray_image(0.5), 2.0, is_gray, 1) - 0.5)


@pytest.mark.parametrize("is_gray", [True, False])
def test_poisson_variance_is_signal_over_photons(is_gray):
    image = torch.zeros(3, SIZE, SIZE)
    levels = torch.linspace(0, 255, 200).round().expand(SIZE, SIZE) / 255
    image[:] = levels
    strength = 0.5
    # 200 distinct levels round up to 256 photons.
    noise = add_poisson(image, strength, is_gray, 3) - image
    for column in (50, 100, 150):
        expected = strength**2 * levels[0, column].item() / 256
        band = noise[:, :, column - 10 : column + 11]
        assert band.var().item() == pytest.approx(expected, rel=0.15)
        assert band.mean().abs() < 0.003


def test_poisson_counts_the_levels_it_sees():
    two_levels = torch.zeros(3, SIZE, SIZE)
    two_levels[:, ::2] = 1.0
    # Two levels: 2 photons at full white, so a variance of 1/2 before clipping; seen below 1 only.
    noise = add_poisson(two_levels, 1.0, False, 5)[:, ::2] - 1.0
    missing = (noise < 0).double()
    # P(Poisson(2) < 2) = e^-2 (1 + 2).
    assert missing.mean().item() == pytest.approx(0.406, abs=0.01)
    assert not add_poisson(two_levels, 1.0, False, 5)[:, 1::2].any()


@pytest.mark.parametrize("add", [add_gaussian, add_poisson])
def test_results_stay_in_range(add):
    noisy = add(torch.rand(3, 40, 40), 30.0, False, 0)
    assert noisy.min() >= 0
    assert noisy.max() <= 1


@pytest.mark.parametrize("add", [add_gaussian, add_poisson])
def test_no_strength_no_noise(add):
    image = torch.rand(3, 16, 16)
    assert torch.allclose(add(image, 0.0, True, 0), image, atol=1e-7)
