"""Kernels against the formulae, written out for one at a time, with SciPy's Bessel function."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate
from scipy.special import j1

from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.kernels import blur_image, render_kernels
from vfsr.degradation.params import NO_BLUR, SINC, BlurParams, sample_params


def blur(family, **knobs):
    defaults = {
        "width": 21, "sigma_x": 1.5, "sigma_y": 0.7, "theta": 0.4, "beta": 1.7, "cutoff": 1.9
    }  # fmt: skip
    values = {name: torch.tensor([float(v)]).double() for name, v in (defaults | knobs).items()}
    values["width"] = values["width"].long()
    return BlurParams(family=torch.tensor([family]), **values)


def formula(family, width, sx, sy, theta, beta, cutoff):
    half = width // 2
    kernel = np.zeros((21, 21))
    rotation = np.array([[math.cos(theta), -math.sin(theta)], [math.sin(theta), math.cos(theta)]])
    second = sx if family in (0, 2, 4) else sy
    inverse = np.linalg.inv(rotation @ np.diag([sx**2, second**2]) @ rotation.T)
    for y in range(-half, half + 1):
        for x in range(-half, half + 1):
            point = np.array([x, y])
            q = point @ inverse @ point
            if family in (0, 1):
                value = math.exp(-0.5 * q)
            elif family in (2, 3):
                value = math.exp(-0.5 * q**beta)
            elif family in (4, 5):
                value = 1 / (1 + q**beta)
            else:
                r = math.hypot(x, y)
                value = (
                    cutoff * j1(cutoff * r) / (2 * math.pi * r) if r else cutoff**2 / 4 / math.pi
                )
            kernel[10 + y, 10 + x] = value
    return kernel / kernel.sum()


def test_every_family_equals_its_formula():
    drawn = sample_params(torch.Generator().manual_seed(0), 300, DegradationConfig()).first.blur
    kernels = render_kernels(drawn)
    assert set(drawn.family.tolist()) == {0, 1, 2, 3, 4, 5, 6}
    for i in range(300):
        truth = formula(
            drawn.family[i].item(), drawn.width[i].item(), drawn.sigma_x[i].item(),
            drawn.sigma_y[i].item(), drawn.theta[i].item(), drawn.beta[i].item(),
            drawn.cutoff[i].item(),
        )  # fmt: skip
        assert np.abs(kernels[i].numpy() - truth).max() < 1e-6


def test_kernels_sum_to_one_and_only_sinc_is_negative():
    drawn = sample_params(torch.Generator().manual_seed(1), 500, DegradationConfig()).first.blur
    kernels = render_kernels(drawn)
    assert (kernels.double().sum(dim=(1, 2)) - 1).abs().max() < 1e-6
    assert (kernels[drawn.family != SINC] >= 0).all()
    assert (kernels[drawn.family == SINC] < 0).any()


def test_half_a_turn_changes_nothing():
    for family in range(6):
        one, other = blur(family, theta=0.3), blur(family, theta=0.3 + math.pi)
        assert torch.allclose(render_kernels(one), render_kernels(other), atol=1e-7)
        kernel = render_kernels(one)[0]
        assert torch.allclose(kernel, kernel.flip(0, 1), atol=1e-7)


@pytest.mark.parametrize("family", [0, 2, 4])
def test_isotropic_families_ignore_angle_and_second_sigma(family):
    one, other = blur(family), blur(family, theta=1.2, sigma_y=2.9)
    assert torch.allclose(render_kernels(one), render_kernels(other), atol=1e-7)


def test_a_kernel_is_zero_outside_its_width():
    kernel = render_kernels(blur(0, width=7, sigma_x=3.0))[0]
    assert (kernel[7:14, 7:14] > 0).all()
    kernel[7:14, 7:14] = 0
    assert not kernel.any()


def test_blurring_equals_scipy_with_mirrored_borders():
    drawn = sample_params(torch.Generator().manual_seed(2), 12, DegradationConfig()).first.blur
    image = torch.rand(3, 24, 33)
    for kernel, width in zip(render_kernels(drawn), drawn.width.tolist(), strict=True):
        result = blur_image(image, kernel, width)
        for channel in range(3):
            truth = correlate(image[channel].double(), kernel.double(), mode="mirror")
            assert np.abs(result[channel].numpy() - truth).max() < 1e-5


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 7), (4, 8), (11, 3)])
def test_images_smaller_than_the_kernel(height, width):
    kernel = render_kernels(blur(1, sigma_x=3.0))[0]
    image = torch.rand(3, height, width)
    truth = np.stack([correlate(c.double(), kernel.double(), mode="mirror") for c in image])
    assert np.abs(blur_image(image, kernel, 21).numpy() - truth).max() < 1e-5


def test_the_pulse_changes_nothing():
    kernel = render_kernels(blur(NO_BLUR))[0]
    image = torch.rand(3, 20, 20)
    assert kernel.sum() == 1
    assert kernel[10, 10] == 1
    assert torch.allclose(blur_image(image, kernel, 21), image, atol=1e-6)
