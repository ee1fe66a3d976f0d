"""Targets and noise against their closed forms, written out anew in numpy."""

import numpy as np
import pytest
import torch

from hdvg.errors import InputError
from vfmodel.objective import (
    ObjectiveConfig,
    add_noise,
    build_scheduler,
    denoising_loss,
    draw_noise,
    loss_weights,
    sample_timesteps,
    target,
)

SHAPE = (3, 2, 2, 3, 5)


def draw(seed):
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def numpy_schedule(zero_terminal_snr):
    betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    roots = np.sqrt(np.cumprod(1.0 - betas))
    if zero_terminal_snr:
        # Lin et al. (2024), algorithm 1: keep the first value, make the last one zero.
        first, last = roots[0], roots[-1]
        roots = (roots - last) * first / (first - last)
    return roots**2


@pytest.mark.parametrize("zero_terminal_snr", [True, False])
def test_the_schedule_is_stable_diffusions(zero_terminal_snr):
    scheduler = build_scheduler(ObjectiveConfig(zero_terminal_snr=zero_terminal_snr))
    want = numpy_schedule(zero_terminal_snr)
    np.testing.assert_allclose(scheduler.alphas_cumprod.numpy(), want, atol=2e-5)


def test_the_last_training_step_is_pure_noise_and_sampling_starts_there():
    scheduler = build_scheduler(ObjectiveConfig())
    noisy = add_noise(draw(0), draw(1), scheduler.alphas_cumprod[[999] * 3])
    torch.testing.assert_close(noisy, draw(1), atol=1e-3, rtol=0)
    scheduler.set_timesteps(10)
    assert scheduler.timesteps[0] == 999


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_noise_and_targets_follow_the_closed_form(prediction):
    latents, noise = draw(0), draw(1)
    alpha_bar = torch.tensor([0.9, 0.5, 0.04])
    x, e, a = latents.numpy(), noise.numpy(), alpha_bar.numpy().reshape(3, 1, 1, 1, 1)
    np.testing.assert_allclose(
        add_noise(latents, noise, alpha_bar).numpy(), np.sqrt(a) * x + np.sqrt(1 - a) * e, rtol=1e-5
    )
    want = e if prediction == "epsilon" else np.sqrt(a) * e - np.sqrt(1 - a) * x
    np.testing.assert_allclose(target(prediction, latents, noise, alpha_bar), want, atol=1e-6)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_perfect_prediction_lets_the_scheduler_recover_the_latents(prediction):
    config = ObjectiveConfig(prediction=prediction, zero_terminal_snr=False)
    scheduler = build_scheduler(config)
    scheduler.set_timesteps(1000)
    latents, noise = draw(0), draw(1)
    alpha_bar = scheduler.alphas_cumprod[[400] * 3]
    perfect = target(prediction, latents, noise, alpha_bar)
    step = scheduler.step(perfect, 400, add_noise(latents, noise, alpha_bar))
    torch.testing.assert_close(step.pred_original_sample, latents, atol=1e-4, rtol=1e-4)


def test_the_loss_is_the_mean_square_in_float32():
    low, high = draw(0).bfloat16(), draw(1)
    want = np.mean((low.float().numpy() - high.numpy()) ** 2)
    loss = denoising_loss(low, high)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_min_snr_is_the_capped_weight_of_the_clips_own_error(prediction):
    """The clip that a prediction implies, its error weighed by min(SNR, gamma), in float64."""
    gamma = 5.0
    alpha_bar = torch.tensor([0.999, 0.9, 0.84, 0.5, 0.04, 1e-4], dtype=torch.float64)
    latents, noise, predicted = torch.randn(3, 6, 2, 2, 3, 5, dtype=torch.float64)
    signal, sigma = (x.sqrt().view(-1, 1, 1, 1, 1) for x in (alpha_bar, 1 - alpha_bar))
    noisy = signal * latents + sigma * noise
    if prediction == "epsilon":
        implied = (noisy - sigma * predicted) / signal
    else:
        implied = signal * noisy - sigma * predicted
    capped = (alpha_bar / (1 - alpha_bar)).clamp(max=gamma)
    wanted = capped * (implied - latents).square().flatten(1).mean(1)
    config = ObjectiveConfig(prediction=prediction, zero_terminal_snr=False, min_snr_gamma=gamma)
    error = predicted - target(prediction, latents, noise, alpha_bar)
    weights = loss_weights(config, alpha_bar)
    torch.testing.assert_close(weights * error.square().flatten(1).mean(1), wanted)
    loss = denoising_loss(error.float(), torch.zeros_like(error).float(), weights.float())
    assert loss.item() == pytest.approx(wanted.mean().item(), rel=1e-5)


def test_min_snr_weights_are_finite_at_both_ends_of_the_schedule():
    ends = torch.tensor([0.0, 1.0])
    velocity = ObjectiveConfig(min_snr_gamma=5.0)
    assert loss_weights(velocity, ends).tolist() == [0.0, 0.0]
    noise = ObjectiveConfig(prediction="epsilon", zero_terminal_snr=False, min_snr_gamma=5.0)
    assert loss_weights(noise, ends).tolist() == [1.0, 0.0]


def test_without_min_snr_every_timestep_counts_the_same():
    assert loss_weights(ObjectiveConfig(), torch.rand(7)) is None
    predicted, wanted = draw(0), draw(1)
    plain = denoising_loss(predicted, wanted).item()
    assert denoising_loss(predicted, wanted, torch.ones(3)).item() == pytest.approx(plain, rel=1e-6)


def test_offset_noise_shifts_all_frames_of_a_clip_together():
    shape, generators = (4000, 2, 2, 3, 3), [torch.Generator().manual_seed(1) for _ in range(2)]
    plain = draw_noise(shape, ObjectiveConfig(), generators[0])
    moved = draw_noise(shape, ObjectiveConfig(noise_offset=0.5), generators[1])
    shift = moved - plain
    first = shift[:, :, :1, :1, :1]
    torch.testing.assert_close(shift, first.expand(shape), rtol=0, atol=1e-6)
    # Normal, of deviation 0.5, and another one for each clip and channel.
    assert first.std().item() == pytest.approx(0.5, rel=0.05)
    assert abs(first.mean().item()) < 4 * 0.5 / 8000**0.5
    assert abs(torch.corrcoef(first.view(-1, 2).T)[0, 1].item()) < 4 / 4000**0.5
    assert moved.var().item() == pytest.approx(1.25, rel=0.03)


@pytest.mark.parametrize(("sharing", "offset"), [(0.5, 0.0), (0.2, 0.0), (0.5, 0.5)])
def test_mixed_noise_has_unit_variance_and_the_asked_correlation_of_frames(sharing, offset):
    """Against PYoCo's alpha: a shared part of variance a^2 / (1 + a^2), own parts of the rest."""
    alpha = (sharing / (1 - sharing)) ** 0.5
    config = ObjectiveConfig(noise_sharing=sharing, noise_offset=offset)
    count = 20_000
    noise = draw_noise((count, 1, 4, 1, 2), config, torch.Generator().manual_seed(0))
    covariance = np.cov(noise.view(count, 8).double().numpy().T)
    frames, cells = np.ones((4, 4)), np.eye(2)
    shared, own = alpha**2 / (1 + alpha**2), 1 / (1 + alpha**2)
    want = np.kron(shared * frames + own * np.eye(4), cells)
    # The offset is a whole channel's: cells that share nothing else share it.
    want += offset**2
    np.testing.assert_allclose(covariance, want, atol=5 * 2**0.5 * (1 + offset**2) / count**0.5)


def test_noise_is_what_it_was_where_frames_share_nothing():
    drawn = draw_noise(SHAPE, ObjectiveConfig(), torch.Generator().manual_seed(7))
    assert torch.equal(drawn, draw(7))


def test_timesteps_are_uniform_and_one_falls_into_each_stratum():
    generator = torch.Generator().manual_seed(0)
    draws = torch.stack([sample_timesteps(8, ObjectiveConfig(), generator) for _ in range(2000)])
    assert draws.min() >= 0
    assert draws.max() <= 999
    assert (draws.sort(dim=1).values // 125 == torch.arange(8)).all()
    # Every place of the batch sees all timesteps: mean and deviation of a uniform distribution.
    deviation = 1000 / 12**0.5
    assert (draws.double().mean(0) - 499.5).abs().max() < 4 * deviation / 2000**0.5
    assert (draws.double().std(0) - deviation).abs().max() < 15


def test_a_shift_makes_noisy_timesteps_as_likely_as_its_closed_form_says():
    config = ObjectiveConfig(timestep_shift=4.0)
    generator = torch.Generator().manual_seed(0)
    draws = torch.cat([sample_timesteps(8, config, generator) for _ in range(2000)])
    # t = 4 u / (1 + 3 u) is below 500 where u is below 1 / 5.
    assert (draws < 500).double().mean().item() == pytest.approx(0.2, abs=0.01)


def test_equal_generators_draw_equal_timesteps():
    generators = [torch.Generator().manual_seed(3) for _ in range(2)]
    first, second = (sample_timesteps(5, ObjectiveConfig(), each) for each in generators)
    assert first.tolist() == second.tolist()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"prediction": "epsilon"}, "zero_terminal_snr"),
        ({"beta_start": 0.5}, "0.5"),
        ({"num_train_timesteps": 0}, "0"),
        ({"timestep_shift": 0.0}, "timestep_shift"),
        ({"min_snr_gamma": 0.0}, "min_snr_gamma must be positive, got 0"),
        ({"noise_offset": -0.1}, "noise_offset .* got -0.1"),
        ({"noise_sharing": 1.0}, "noise_sharing .* got 1.0"),
        ({"noise_sharing": -0.1}, "noise_sharing .* got -0.1"),
        ({"noise_sharing": float("nan")}, "noise_sharing .* got nan"),
    ],
)
def test_settings_that_make_no_sense_are_named(changes, named):
    with pytest.raises(InputError, match=named):
        ObjectiveConfig(**changes)
