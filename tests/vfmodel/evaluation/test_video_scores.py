import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.video_scores import VideoScores


class FirstPixel(VideoScores):
    higher_is_better = True
    unit = "levels"

    def update(self, frames, prompt=""):
        self._add(float(frames[0, 0, 0, 0]))

    def _details(self):
        return {"place": "top left"}


def test_the_result_is_the_mean_with_its_interval():
    metric = FirstPixel("first pixel")
    for level in (10, 20, 30, 100):
        metric.update(torch.full((1, 3, 2, 2), level, dtype=torch.uint8))
    result = metric.result()
    assert (result.name, result.value, result.unit) == ("first pixel", 40.0, "levels")
    assert 10 <= result.low < 40 < result.high <= 100
    assert (result.num_samples, result.higher_is_better) == (4, True)
    assert result.details == {"place": "top left"}


def test_no_videos_have_no_mean():
    with pytest.raises(InputError, match="first pixel needs at least 1 videos, got 0"):
        FirstPixel("first pixel").result()
