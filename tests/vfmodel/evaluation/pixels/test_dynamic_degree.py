"""Speeds of textures that are moved by known steps, and of rendered motions."""

import pytest
import torch
from torch.nn.functional import interpolate

from hdvg.errors import InputError
from vfmodel.evaluation.pixels.dynamic_degree import (
    DynamicDegree,
    DynamicDegreeConfig,
    fastest_speeds,
)
from vfmodel.evaluation.shapes_prompts import draw_prompts


def pan(step, count=5, height=96, width=176):
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, height // 6, 2 * width // 6, generator=generator)
    wide = (interpolate(coarse, (height, 2 * width), mode="bicubic")[0].clamp(0, 1) * 255).byte()
    return torch.stack([wide[:, :, 20 + t * step : 20 + t * step + width] for t in range(count)])


@pytest.mark.parametrize("step", [0, 2, 5])
def test_speed_is_in_heights_a_frame(step):
    speeds = fastest_speeds(pan(step))
    assert speeds.tolist() == pytest.approx([step / 96] * 4, abs=0.008)


def test_what_moves_fast_enough_is_dynamic():
    metric = DynamicDegree(DynamicDegreeConfig(fps=8.0))
    for step in (0, 1, 5, 5):
        metric.update(pan(step))
    result = metric.result()
    assert (result.value, result.num_samples) == (0.5, 4)  # 5 / 96 * 8 = 0.42 heights a second
    assert result.low < 0.5 < result.high
    assert result.details["mean_speed"] == pytest.approx(8 * (1 + 5 + 5) / 96 / 4, abs=0.03)
    assert result.higher_is_better is None


def test_one_quick_frame_does_not_make_a_video_dynamic():
    clip = torch.cat([pan(0, 5), pan(9, 2)[1:]])
    metric = DynamicDegree(DynamicDegreeConfig(fps=8.0))
    metric.update(clip)
    assert metric.result().value == 0.0


def test_rendered_things_that_move_are_told_from_those_that_stay():
    metrics = {}
    for prompt in draw_prompts(24, 0, 1.75):
        motion = prompt.attributes["motion"]
        if motion in ("moving left", "moving right", "staying still"):
            group = metrics.setdefault(
                motion == "staying still", DynamicDegree(DynamicDegreeConfig(fps=4.0))
            )
            group.update(prompt.render(8, 4.0, 96, 176))
    speeds = {still: metric.result().details["mean_speed"] for still, metric in metrics.items()}
    assert metrics[False].result().value > 0.8
    assert speeds[False] > 2 * speeds[True]


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(InputError, match="needs at least 2 frames, got 1"):
        DynamicDegree(DynamicDegreeConfig(fps=8.0)).update(pan(0, 1))
    with pytest.raises(InputError, match=r"got 0\.0, 0\.1875 and 0\.25"):
        DynamicDegreeConfig(fps=0.0)
