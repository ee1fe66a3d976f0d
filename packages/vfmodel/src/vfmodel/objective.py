"""What the network learns to predict, and from how much noise.

Shape letters: B batch, C channels, T frames, H and W latent height and width.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from diffusers import DDIMScheduler
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from hdvg.errors import InputError

Latents = Float[Tensor, "B C T H W"]


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """Noise schedule and prediction target; betas as in Stable Diffusion ("scaled linear")."""

    prediction: Literal["epsilon", "v_prediction"] = "v_prediction"
    """What the network predicts: the noise, or the velocity."""
    zero_terminal_snr: bool = True
    """Rescale the schedule so that the last step is pure noise, Lin et al. (2024), algorithm 1."""
    num_train_timesteps: int = 1000
    """Steps of the noise schedule."""
    beta_start: float = 0.00085
    """First beta."""
    beta_end: float = 0.012
    """Last beta, before any rescaling."""
    timestep_shift: float = 1.0
    """Above 1, training draws noisy timesteps more often. Where things lie and how they move is
    decided there, and the smaller the latents, the earlier: Esser et al. (2024), equation (23)."""
    min_snr_gamma: float | None = None
    """Signal-to-noise ratio from which on timesteps count for less, 5 in Hang et al. (2023); None
    weighs all timesteps alike. With velocity, a step of pure noise then counts for nothing."""
    noise_offset: float = 0.0
    """Deviation of a shift of the noise's mean, one for each channel of a clip, so that brightness
    as a whole is learnt (Guttenberg, 2023); 0.1 is customary, 0 is none. All frames of a clip share
    it, because a shift of each frame's own would teach the model to flicker."""
    noise_sharing: float = 0.0
    """Correlation of the noise of any two frames of a clip: mixed noise, Ge et al. (2023), section
    3.2. Their alpha is the square root of s / (1 - s): alpha 1, their best, is 0.5 here; 0 is
    independent noise. A model samples from the noise that it was trained with."""

    def __post_init__(self) -> None:
        if self.prediction == "epsilon" and self.zero_terminal_snr:
            raise InputError(
                "zero_terminal_snr=True needs prediction=v_prediction: from pure noise, the noise"
                " tells nothing about the video"
            )
        if self.num_train_timesteps < 1:
            raise InputError(f"num_train_timesteps must be >= 1, got {self.num_train_timesteps}")
        if self.timestep_shift <= 0:
            raise InputError(f"timestep_shift must be positive, got {self.timestep_shift}")
        if self.min_snr_gamma is not None and not self.min_snr_gamma > 0:
            raise InputError(f"min_snr_gamma must be positive, got {self.min_snr_gamma}")
        if not 0 <= self.noise_offset < float("inf"):
            raise InputError(f"noise_offset must be finite and >= 0, got {self.noise_offset}")
        check_sharing(self.noise_sharing)
        if not 0 < self.beta_start <= self.beta_end < 1:
            raise InputError(
                f"betas must satisfy 0 < start <= end < 1, got {self.beta_start}, {self.beta_end}"
            )


torch.serialization.add_safe_globals([ObjectiveConfig])


def build_scheduler(config: ObjectiveConfig) -> DDIMScheduler:
    """The diffusers scheduler of this schedule; it also samples from the trained model.

    Trailing timesteps start sampling at the very last step, the one that was trained as pure noise.
    """
    return DDIMScheduler(
        num_train_timesteps=config.num_train_timesteps,
        beta_start=config.beta_start,
        beta_end=config.beta_end,
        beta_schedule="scaled_linear",
        prediction_type=config.prediction,
        rescale_betas_zero_snr=config.zero_terminal_snr,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
    )


def sample_timesteps(
    batch: int, config: ObjectiveConfig, generator: torch.Generator
) -> Int[Tensor, " B"]:
    """Draws one timestep a sample, uniform before the shift, spread evenly over the batch.

    Sample i falls into the i-th of `batch` equal strata, in random order, which takes out most of
    the loss's variance that comes from the timesteps. Source: Kingma et al. (2021), appendix I.1,
    with an offset of its own for every sample.
    """
    offsets = torch.rand(batch, generator=generator, dtype=torch.float64)
    strata = torch.randperm(batch, generator=generator)
    even = (strata + offsets) / batch
    shifted = config.timestep_shift * even / (1.0 + (config.timestep_shift - 1.0) * even)
    return (shifted * config.num_train_timesteps).long().clamp_max(config.num_train_timesteps - 1)


def draw_noise(
    shape: tuple[int, ...], config: ObjectiveConfig, generator: torch.Generator
) -> Latents:
    """Noise of unit variance for latents [B, C, T, H, W], and its offset on top."""
    noise = torch.randn(shape, generator=generator)
    batch, channels, _, height, width = shape
    if config.noise_sharing:
        shared = torch.randn((batch, channels, 1, height, width), generator=generator)
        noise = share_noise(noise, shared, config.noise_sharing)
    if config.noise_offset:
        offset = torch.randn((batch, channels, 1, 1, 1), generator=generator)
        noise = noise + config.noise_offset * offset
    return noise


def share_noise(own: Latents, shared: Float[Tensor, "B C 1 H W"], sharing: float) -> Latents:
    """Mixes noise of each frame with noise that all frames share; the variance stays one.

    Source: Ge et al. (2023), "Preserve Your Own Correlation", section 3.2, with the shared part's
    variance alpha^2 / (1 + alpha^2) called `sharing`.
    """
    return (1.0 - sharing) ** 0.5 * own + sharing**0.5 * shared


def check_sharing(sharing: float) -> None:
    """Refuses a correlation of frames that is none, or that leaves a clip a single picture.

    Raises:
        InputError: Outside 0 <= sharing < 1.
    """
    if not 0 <= sharing < 1:
        raise InputError(
            f"noise_sharing must be in [0, 1), got {sharing}: with 1, all frames are one"
        )


def add_noise(latents: Latents, noise: Latents, alpha_bar: Float[Tensor, " B"]) -> Latents:
    """Diffuses: sqrt(alpha_bar) x + sqrt(1 - alpha_bar) noise, Ho et al. (2020), equation (4)."""
    signal, sigma = _factors(alpha_bar)
    return signal * latents + sigma * noise


def target(
    prediction: Literal["epsilon", "v_prediction"],
    latents: Latents,
    noise: Latents,
    alpha_bar: Float[Tensor, " B"],
) -> Latents:
    """What the network should have said.

    The noise itself, or the velocity sqrt(alpha_bar) noise - sqrt(1 - alpha_bar) x of Salimans and
    Ho (2022), appendix D.
    """
    if prediction == "epsilon":
        return noise
    signal, sigma = _factors(alpha_bar)
    return signal * noise - sigma * latents


def loss_weights(
    config: ObjectiveConfig, alpha_bar: Float[Tensor, " B"]
) -> Float[Tensor, " B"] | None:
    """What each sample's squared error counts; None where all count the same.

    Min-SNR weighs the error of the clip that a prediction implies by min(SNR, gamma), with SNR =
    alpha_bar / (1 - alpha_bar): Hang et al. (2023), section 3.4. The clip's error is that of the
    noise times 1 / SNR, and that of the velocity times 1 / (SNR + 1). Written without a quotient
    that could be 0 / 0.
    """
    if config.min_snr_gamma is None:
        return None
    capped = config.min_snr_gamma * (1.0 - alpha_bar)
    if config.prediction == "v_prediction":
        return torch.minimum(alpha_bar, capped)
    return (capped / alpha_bar).clamp_max(1.0)


def denoising_loss(
    predicted: Latents, wanted: Latents, weights: Float[Tensor, " B"] | None = None
) -> Float[Tensor, ""]:
    """Mean squared error, in float32 whatever the network computed in; each sample's weighted."""
    if weights is None:
        return functional.mse_loss(predicted.float(), wanted.float())
    errors = functional.mse_loss(predicted.float(), wanted.float(), reduction="none")
    return (errors.flatten(1).mean(1) * weights).mean()


def _factors(alpha_bar: Float[Tensor, " B"]) -> tuple[Tensor, Tensor]:
    column = alpha_bar.view(-1, 1, 1, 1, 1)
    return column.sqrt(), (1.0 - column).sqrt()
