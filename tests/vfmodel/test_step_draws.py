"""The random numbers of a step: their distribution, and that nobody's view of them matters."""

import pytest
import torch

from vfmodel.batch_order import Team
from vfmodel.objective import ObjectiveConfig
from vfmodel.step_draws import StepDraws, drop_captions

CONFIG = ObjectiveConfig(noise_offset=0.1)


def drawn(seed=3, step=5, *, batch_size, rank=0, world_size=1, part=0, accumulate=1):
    team = Team(rank=rank, world_size=world_size, accumulate=accumulate)
    seats = team.seats(batch_size, part)
    draws = StepDraws(seed=seed, step=step, joint_size=team.joint_size(batch_size), seats=seats)
    noise = draws.noise((batch_size, 2, 3, 4, 5), CONFIG)
    numbers = zip(draws.timesteps(CONFIG), draws.dropped_captions(0.5), noise, strict=True)
    return dict(zip(seats, numbers, strict=True))


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(("world_size", "accumulate"), [(2, 1), (1, 3), (2, 3)])
def test_a_clip_draws_the_same_whoever_computes_it(world_size, accumulate):
    whole = drawn(batch_size=12)
    dealt = {}
    for rank in range(world_size):
        for part in range(accumulate):
            dealt |= drawn(
                batch_size=12 // world_size // accumulate,
                rank=rank,
                world_size=world_size,
                part=part,
                accumulate=accumulate,
            )
    assert dealt.keys() == whole.keys()
    assert all(same(dealt[seat], whole[seat]) for seat in whole)


def test_seeds_steps_and_seats_draw_differently():
    noises = [
        drawn(**who)[seat][2]
        for who in ({"batch_size": 2}, {"seed": 4, "batch_size": 2}, {"step": 6, "batch_size": 2})
        for seat in (0, 1)
    ]
    for i, first in enumerate(noises):
        for second in noises[i + 1 :]:
            assert not torch.equal(first, second)


def test_timesteps_of_a_joint_batch_fall_into_equal_strata():
    times = torch.stack([numbers[0] for numbers in drawn(batch_size=10).values()])
    assert sorted((times // 100).tolist()) == list(range(10))


def test_captions_are_dropped_at_the_asked_rate():
    generator = torch.Generator().manual_seed(0)
    dropped = drop_captions(20_000, 0.1, generator).double().mean().item()
    assert abs(dropped - 0.1) < 4 * (0.1 * 0.9 / 20_000) ** 0.5
    assert not drop_captions(100, 0.0, generator).any()
    assert drop_captions(100, 1.0, generator).all()
