"""What may be asked follows from the model, and what may not is refused by name."""

from dataclasses import replace

import pytest

from hdvg.errors import InputError
from vfmodel.app.limits import Limits


def test_a_models_own_sizes_are_read_from_it(tiny_pipeline):
    assert Limits.of(tiny_pipeline) == Limits(
        num_frames=3,
        height=24,
        width=40,
        fps=4.0,
        cell=8,
        knows_rates=False,
        tokens=tiny_pipeline.tokenizer.model_max_length,
        train_timesteps=1000,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 1),
        ("steps", 100),
        ("guidance_scale", 0.0),
        ("num_frames", 16),
        ("height", 8),
        ("height", 192),
        ("width", 352),
        ("fps", 8.0),
        ("seed", 2**63 - 1),
    ],
)
def test_both_ends_of_a_range_are_within_it(limits, name, value):
    limits.check(name, value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("steps", 0, "steps must be between 1 and 100, got 0"),
        ("steps", 101, "steps must be between 1 and 100, got 101"),
        ("guidance_scale", 20.5, "guidance_scale must be between 0 and 20, got 20.5"),
        ("num_frames", 17, "num_frames must be between 1 and 16, got 17"),
        ("height", 20, "height must be a multiple of 8, got 20"),
        ("width", 360, "width must be between 8 and 352, got 360"),
        ("fps", 12, "fps is always 8 with this model, got 12"),
    ],
)
def test_a_number_out_of_range_is_refused_by_name(limits, name, value, said):
    with pytest.raises(InputError) as refused:
        limits.check(name, value)
    assert str(refused.value) == said


def test_few_noise_levels_limit_the_steps(limits):
    assert replace(limits, train_timesteps=10).ranges["steps"] == (1, 10)


def test_a_model_of_several_rates_can_be_asked_for_one(limits):
    replace(limits, knows_rates=True).check("fps", 12)
