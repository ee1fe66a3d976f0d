"""The random numbers of a training step: the same for a clip, whoever computes it.

They are drawn for the joint batch of all processes and accumulated parts, each clip by its seat in
it. So a step is the same on one process or on several, in one part or in more, and a resumed run
draws what an uninterrupted one would have drawn.

Shape letters: B clips of this process's batch.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from vfmodel.objective import Latents, ObjectiveConfig, draw_noise, sample_timesteps

_TIMESTEPS, _DROPS, _NOISE = range(3)


@dataclass(frozen=True, kw_only=True)
class StepDraws:
    """What is drawn for one batch of a step.

    Attributes:
        seed: Of the run.
        step: Optimiser step, from 0.
        joint_size: Clips in the step's joint batch.
        seats: Where this batch's clips stand in it.
    """

    seed: int
    step: int
    joint_size: int
    seats: list[int]

    def timesteps(self, config: ObjectiveConfig) -> Int[Tensor, " B"]:
        """One a clip, spread evenly over the joint batch."""
        joint = sample_timesteps(self.joint_size, config, self._generator(_TIMESTEPS))
        return joint[self.seats]

    def dropped_captions(self, probability: float) -> Bool[Tensor, " B"]:
        """Which captions give way to the null prompt."""
        return drop_captions(self.joint_size, probability, self._generator(_DROPS))[self.seats]

    def noise(self, shape: tuple[int, ...], config: ObjectiveConfig) -> Latents:
        """Noise for latents of this shape, on the CPU so that devices agree."""
        each = (1, *shape[1:])
        return torch.cat(
            [draw_noise(each, config, self._generator(_NOISE, seat)) for seat in self.seats]
        )

    def _generator(self, purpose: int, seat: int = 0) -> torch.Generator:
        words = np.random.SeedSequence([self.seed, self.step, purpose, seat])
        return torch.Generator().manual_seed(int(words.generate_state(1, np.uint64)[0]))


def drop_captions(count: int, probability: float, generator: torch.Generator) -> Bool[Tensor, " B"]:
    """Which of `count` captions to drop, independently. Source: Ho and Salimans (2022)."""
    return torch.rand(count, generator=generator) < probability
