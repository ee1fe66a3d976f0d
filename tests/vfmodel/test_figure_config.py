"""Requests that make no sense are named."""

import pytest

from hdvg.errors import InputError
from vfmodel.figure_config import FigureConfig


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"every": 0}, "figures.every .* got 0"),
        ({"num_samples": 1}, "figures.num_samples .* got 1"),
        ({"steps": 0}, "num_inference_steps"),
        ({"guidance_scale": -1.0}, "guidance_scale"),
    ],
)
def test_requests_that_make_no_sense_are_named(changes, named):
    with pytest.raises(InputError, match=named):
        FigureConfig(**changes)


def test_all_of_a_protocols_videos_can_be_asked_for():
    assert FigureConfig(num_samples=None).num_samples is None
