"""One draw of every knob, for every image: what will happen, before anything happens.

Draws are kept apart from the operations so that they can be logged, replayed, counted in a test or
held still over the frames of a clip. Nothing is shared between images, not even a coin.

Shape letters used in this file: N images, M of them.
"""

import math
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from jaxtyping import Bool, Float64, Int64
from torch import Tensor

from hdvg.errors import InputError
from vfsr.degradation.config import KERNEL_WIDTH, DegradationConfig, Range, StageConfig

# Blur families. The first six in the order of StageConfig.family_probs.
GAUSSIAN_ISO, GAUSSIAN_ANISO = 0, 1
GENERALISED_ISO, GENERALISED_ANISO = 2, 3
PLATEAU_ISO, PLATEAU_ANISO = 4, 5
SINC, NO_BLUR = 6, 7

RESIZE_MODES = ("area", "bilinear", "bicubic")
_SMALLEST_KERNEL = 7
# A sinc kernel below this width cannot hold a low cut-off (Real-ESRGAN x4plus settings).
_WIDE_SINC = 13
_LARGEST_SEED = 2**63 - 1

Rows = slice | Int64[Tensor, "M"]


@dataclass(frozen=True, kw_only=True)
class BlurParams:
    """One kernel an image; a family ignores the numbers it has no use for."""

    family: Int64[Tensor, "N"]
    width: Int64[Tensor, "N"]
    sigma_x: Float64[Tensor, "N"]
    sigma_y: Float64[Tensor, "N"]
    theta: Float64[Tensor, "N"]
    beta: Float64[Tensor, "N"]
    cutoff: Float64[Tensor, "N"]


@dataclass(frozen=True, kw_only=True)
class StageParams:
    """What one stage does to each image; noise_seed makes its noise independent of the batch."""

    blur: BlurParams
    resize_factor: Float64[Tensor, "N"]
    resize_mode: Int64[Tensor, "N"]
    noise_is_gaussian: Bool[Tensor, "N"]
    noise_level: Float64[Tensor, "N"]
    noise_is_gray: Bool[Tensor, "N"]
    noise_seed: Int64[Tensor, "N"]
    jpeg_quality: Float64[Tensor, "N"]


@dataclass(frozen=True, kw_only=True)
class DegradationParams:
    """What the whole degradation does to each image."""

    first: StageParams
    second: StageParams
    final_blur: BlurParams
    final_mode: Int64[Tensor, "N"]
    jpeg_last: Bool[Tensor, "N"]
    reconstruct: Bool[Tensor, "N"]
    scale: int

    def __len__(self) -> int:
        return len(self.final_mode)

    def take(self, rows: Rows) -> "DegradationParams":
        """The draws of some of the images, in that order; a row may come more than once."""
        return _take(self, rows)


Draws = TypeVar("Draws", BlurParams, StageParams, DegradationParams)


def _take(draws: Draws, rows: Rows) -> Draws:
    values: dict[str, Any] = {knob.name: getattr(draws, knob.name) for knob in fields(draws)}
    for name, value in values.items():
        if isinstance(value, Tensor):
            values[name] = value[rows]
        elif not isinstance(value, int):
            values[name] = _take(value, rows)
    return type(draws)(**values)


class Dice:
    """Independent draws for N images from one generator, which must live on the CPU."""

    def __init__(self, generator: torch.Generator, n: int) -> None:
        if generator.device.type != "cpu":
            raise InputError(f"the generator must live on the CPU, got {generator.device}")
        self.generator, self.n = generator, n

    def uniform(self, low: float, high: float) -> Float64[Tensor, "N"]:
        """Uniform in [low, high)."""
        unit = torch.rand(self.n, generator=self.generator, dtype=torch.float64)
        return low + (high - low) * unit

    def coin(self, prob: float) -> Bool[Tensor, "N"]:
        """True with probability `prob`."""
        return self.uniform(0.0, 1.0) < prob

    def choice(self, probs: tuple[float, ...]) -> Int64[Tensor, "N"]:
        """An index, with the given probabilities."""
        edges = torch.tensor(probs, dtype=torch.float64).cumsum(0)[:-1]
        return torch.bucketize(self.uniform(0.0, 1.0), edges, right=True)

    def around_one(self, limits: Range) -> Float64[Tensor, "N"]:
        """Half of the draws uniform below 1, half uniform above."""
        low, high = self.uniform(limits[0], 1.0), self.uniform(1.0, limits[1])
        return torch.where(self.coin(0.5), low, high)

    def seed(self) -> Int64[Tensor, "N"]:
        """A seed for a further generator."""
        return torch.randint(_LARGEST_SEED, (self.n,), generator=self.generator)


def sample_params(
    generator: torch.Generator, n: int, config: DegradationConfig
) -> DegradationParams:
    """Draws what will be done to each of `n` images."""
    dice = Dice(generator, n)
    first, second = _sample_stage(dice, config.first), _sample_stage(dice, config.second)
    return DegradationParams(
        first=first,
        second=second,
        final_blur=_sample_final_blur(dice, config.final_sinc_prob),
        final_mode=_sample_mode(dice),
        jpeg_last=dice.coin(config.jpeg_last_prob),
        reconstruct=dice.coin(config.reconstruct_prob),
        scale=config.scale,
    )


def _sample_stage(dice: Dice, config: StageConfig) -> StageParams:
    gaussian = dice.coin(config.gaussian_prob)
    levels = dice.uniform(*config.gaussian_range), dice.uniform(*config.poisson_range)
    return StageParams(
        blur=_sample_blur(dice, config),
        resize_factor=_sample_factor(dice, config),
        resize_mode=_sample_mode(dice),
        noise_is_gaussian=gaussian,
        noise_level=torch.where(gaussian, *levels),
        noise_is_gray=dice.coin(config.gray_prob),
        noise_seed=dice.seed(),
        jpeg_quality=dice.uniform(*config.jpeg_range),
    )


def _sample_blur(dice: Dice, config: StageConfig) -> BlurParams:
    family = dice.choice(config.family_probs)
    generalised = (family == GENERALISED_ISO) | (family == GENERALISED_ANISO)
    beta = torch.where(
        generalised,
        dice.around_one(config.generalised_beta_range),
        dice.around_one(config.plateau_beta_range),
    )
    family = family.masked_fill(dice.coin(config.sinc_prob), SINC)
    family = family.masked_fill(~dice.coin(config.blur_prob), NO_BLUR)
    width = _sample_width(dice)
    lowest_cutoff = torch.where(width < _WIDE_SINC, math.pi / 3, math.pi / 5)
    return BlurParams(
        family=family,
        width=width,
        sigma_x=dice.uniform(*config.sigma_range),
        sigma_y=dice.uniform(*config.sigma_range),
        theta=dice.uniform(-math.pi, math.pi),
        beta=beta,
        cutoff=lowest_cutoff + (math.pi - lowest_cutoff) * dice.uniform(0.0, 1.0),
    )


def _sample_final_blur(dice: Dice, sinc_prob: float) -> BlurParams:
    unused = torch.ones(dice.n, dtype=torch.float64)
    return BlurParams(
        family=torch.where(dice.coin(sinc_prob), SINC, NO_BLUR),
        width=_sample_width(dice),
        sigma_x=unused,
        sigma_y=unused,
        theta=unused,
        beta=unused,
        cutoff=dice.uniform(math.pi / 3, math.pi),
    )


def _sample_width(dice: Dice) -> Int64[Tensor, "N"]:
    count = (KERNEL_WIDTH - _SMALLEST_KERNEL) // 2 + 1
    return _SMALLEST_KERNEL + 2 * dice.choice((1 / count,) * count)


def _sample_mode(dice: Dice) -> Int64[Tensor, "N"]:
    return dice.choice((1 / 3, 1 / 3, 1 / 3))


def _sample_factor(dice: Dice, config: StageConfig) -> Float64[Tensor, "N"]:
    low, high = config.resize_range
    up, down = dice.uniform(1.0, high), dice.uniform(low, 1.0)
    way = dice.choice(config.resize_probs)
    return torch.where(way == 0, up, torch.where(way == 1, down, 1.0))
