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


def denoising_loss(predicted: Latents, wanted: Latents) -> Float[Tensor, ""]:
    """Mean squared error over everything, in float32 whatever the network computed in."""
    return functional.mse_loss(predicted.float(), wanted.float())


def _factors(alpha_bar: Float[Tensor, " B"]) -> tuple[Tensor, Tensor]:
    column = alpha_bar.view(-1, 1, 1, 1, 1)
    return column.sqrt(), (1.0 - column).sqrt()
