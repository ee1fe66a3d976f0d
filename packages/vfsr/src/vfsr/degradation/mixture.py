"""Several degradations at once: each image is given to one of them, by chance.

An upscaler meets frames of many origins, and learns to tell them apart if it sees them all.

Shape letters used in this file: N images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar

import torch

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.params import (
    BlurParams,
    DegradationParams,
    Dice,
    StageParams,
    sample_params,
)

Draws = TypeVar("Draws", BlurParams, StageParams, DegradationParams)


@dataclass(frozen=True, kw_only=True)
class DegradationShare:
    """One degradation of a mixture."""

    preset: Literal["realesrgan_x4plus", "light", "generator", "own"] = "realesrgan_x4plus"
    """Its name; "own" for the knobs below."""
    own: DegradationConfig = field(default_factory=DegradationConfig)
    """Every knob, where the preset is "own"."""
    weight: float = 1.0
    """How often it is drawn, beside the others' weights."""

    def __post_init__(self) -> None:
        """Checks the weight, and that no knobs are given in vain."""
        if not 0 < self.weight < float("inf"):
            raise InputError(f"weight must be above 0 and finite, got {self.weight}")
        if self.preset != "own" and self.own != DegradationConfig():
            raise InputError(f'knobs of one\'s own need preset "own", got {self.preset!r}')

    def config(self) -> DegradationConfig:
        """Its knobs."""
        return self.own if self.preset == "own" else DegradationConfig.preset(self.preset)


torch.serialization.add_safe_globals([DegradationShare])


def check_mixture(mixture: Sequence[DegradationShare]) -> None:
    """Refuses what cannot be drawn from together.

    Raises:
        InputError: Scales differ.
    """
    scales = {share.config().scale for share in mixture}
    if len(scales) > 1:
        raise InputError(f"degradations must have one scale, got {sorted(scales)}")


def sample_mixture(
    generator: torch.Generator, n: int, mixture: Sequence[DegradationShare]
) -> DegradationParams:
    """Draws for each of `n` images a degradation, and what that will do.

    Args:
        generator: The only source of chance, on the CPU.
        n: Number of images.
        mixture: As `check_mixture` takes it.
    """
    total = sum(share.weight for share in mixture)
    chosen = Dice(generator, n).choice(tuple(share.weight / total for share in mixture))
    # Every degradation is drawn for every image, so that one's knobs do not move another's draws.
    drawn = [sample_params(generator, n, share.config()) for share in mixture]
    return _join(drawn).take(chosen * n + torch.arange(n))


def _join(parts: list[Draws]) -> Draws:
    values: dict[str, Any] = {}
    for knob in fields(parts[0]):
        column = [getattr(part, knob.name) for part in parts]
        if is_dataclass(column[0]):
            values[knob.name] = _join(column)
        else:
            values[knob.name] = column[0] if knob.name == "scale" else torch.cat(column)
    return type(parts[0])(**values)
