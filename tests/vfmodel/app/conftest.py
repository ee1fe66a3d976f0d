"""A request, and what a small model can."""

import pytest

from vfmodel.app.limits import Limits
from vfmodel.app.request import VideoRequest


@pytest.fixture
def limits():
    return Limits(
        num_frames=8,
        height=96,
        width=176,
        fps=8.0,
        cell=8,
        knows_rates=False,
        tokens=77,
        train_timesteps=1000,
    )


@pytest.fixture
def request_for():
    """Call it with fields that differ from a plain request."""

    def make(**changes):
        plain = {
            "prompt": "a red circle",
            "negative_prompt": "",
            "seed": 3,
            "steps": 2,
            "guidance_scale": 4.0,
            "num_frames": 3,
            "height": 24,
            "width": 40,
            "fps": None,
        }
        return VideoRequest(**(plain | changes))

    return make
