"""Branches are counted against their probabilities, within four standard deviations."""

import math

import pytest
import torch

from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.params import NO_BLUR, SINC, sample_params

N = 20_000


@pytest.fixture(scope="module")
def params():
    return sample_params(torch.Generator().manual_seed(7), N, DegradationConfig())


def assert_share(hits, prob, n=N):
    sigma = math.sqrt(prob * (1 - prob) / n)
    assert abs(hits.double().mean().item() - prob) < 4 * sigma + 1e-12


def test_first_blur_families(params):
    family = params.first.blur.family
    assert_share(family == SINC, 0.1)
    assert not (family == NO_BLUR).any()
    for index, prob in enumerate((0.45, 0.25, 0.12, 0.03, 0.12, 0.03)):
        assert_share(family == index, 0.9 * prob)


def test_second_blur_happens_in_four_of_five(params):
    assert_share(params.second.blur.family == NO_BLUR, 0.2)
    assert_share(params.second.blur.family == SINC, 0.08)


def test_final_sinc_and_order_coin(params):
    assert_share(params.final_blur.family == SINC, 0.8)
    assert_share(params.jpeg_last, 0.5)
    assert not params.reconstruct.any()


def test_frames_pass_through_a_model_as_often_as_asked():
    config = DegradationConfig(reconstruct_prob=0.3)
    drawn = sample_params(torch.Generator().manual_seed(2), N, config)
    assert_share(drawn.reconstruct, 0.3)


def test_resize_modes_are_equally_likely(params):
    for mode in (params.first.resize_mode, params.second.resize_mode, params.final_mode):
        for index in range(3):
            assert_share(mode == index, 1 / 3)


@pytest.mark.parametrize(
    ("stage", "up", "down", "limits"),
    [("first", 0.2, 0.7, (0.15, 1.5)), ("second", 0.3, 0.4, (0.3, 1.2))],
)
def test_resizing(params, stage, up, down, limits):
    factor = getattr(params, stage).resize_factor
    assert_share(factor > 1, up)
    assert_share(factor < 1, down)
    assert_share(factor == 1, 1 - up - down)
    assert factor.min() >= limits[0]
    assert factor.max() <= limits[1]
    shrinking = factor[factor < 1]
    assert shrinking.mean().item() == pytest.approx((limits[0] + 1) / 2, abs=0.01)


@pytest.mark.parametrize("stage", ["first", "second"])
def test_noise_kinds(params, stage):
    drawn = getattr(params, stage)
    assert_share(drawn.noise_is_gaussian, 0.5)
    assert_share(drawn.noise_is_gray, 0.4)


def test_noise_levels_belong_to_their_kind(params):
    gaussian = params.first.noise_is_gaussian
    assert params.first.noise_level[gaussian].min() >= 1
    assert params.first.noise_level[gaussian].max() > 29
    assert params.first.noise_level[~gaussian].max() <= 3


def test_kernel_widths_are_odd_and_equally_likely(params):
    for width in range(7, 22, 2):
        assert_share(params.first.blur.width == width, 1 / 8)


def test_sinc_cutoffs_depend_on_the_width(params):
    blur = params.first.blur
    narrow = blur.width < 13
    assert blur.cutoff[narrow].min() >= math.pi / 3
    assert math.pi / 5 <= blur.cutoff[~narrow].min() < math.pi / 4
    assert blur.cutoff.max() <= math.pi
    assert params.final_blur.cutoff.min() >= math.pi / 3


def test_exponents_fall_on_both_sides_of_one(params):
    blur = params.first.blur
    generalised = blur.beta[(blur.family == 2) | (blur.family == 3)]
    assert_share(generalised > 1, 0.5, len(generalised))
    assert generalised.min() >= 0.5
    assert generalised.max() <= 4
    plateau = blur.beta[(blur.family == 4) | (blur.family == 5)]
    assert_share(plateau == 1, 0.5, len(plateau))
    assert plateau.max() <= 2


def test_branches_are_independent_of_each_other(params):
    draws = torch.stack(
        [
            params.first.noise_is_gaussian.double(),
            params.second.noise_is_gaussian.double(),
            params.first.noise_is_gray.double(),
            params.jpeg_last.double(),
            params.first.jpeg_quality,
            params.second.jpeg_quality,
            params.first.resize_factor,
            params.first.blur.sigma_x,
            params.first.blur.sigma_y,
        ]
    )
    correlation = torch.corrcoef(draws) - torch.eye(len(draws), dtype=torch.float64)
    assert correlation.abs().max() < 5 / math.sqrt(N)


def test_seeds_differ_between_images_and_stages(params):
    seeds = torch.cat([params.first.noise_seed, params.second.noise_seed])
    assert len(seeds.unique()) == 2 * N


def test_equal_generators_give_equal_draws():
    first, again = (
        sample_params(torch.Generator().manual_seed(3), 5, DegradationConfig()) for _ in range(2)
    )
    assert torch.equal(first.first.noise_seed, again.first.noise_seed)
    assert torch.equal(first.second.blur.theta, again.second.blur.theta)
    assert torch.equal(first.jpeg_last, again.jpeg_last)


def test_take_keeps_the_draws_of_the_rows_it_takes(params):
    taken = params.take(slice(5, 8))
    assert len(taken) == 3
    assert torch.equal(taken.second.blur.sigma_x, params.second.blur.sigma_x[5:8])
    assert torch.equal(taken.final_mode, params.final_mode[5:8])
    assert taken.scale == 4
    assert torch.equal(params.take(torch.tensor([7, 7])).jpeg_last, params.jpeg_last[[7, 7]])
