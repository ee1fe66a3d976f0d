"""Flicker of clips whose changes are known."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.pixels.flicker import Flicker


def measure(*clips):
    metric = Flicker()
    for clip in clips:
        metric.update(clip)
    return metric.result()


def grey(*levels):
    return torch.tensor(levels, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, 4, 5)


def test_a_still_video_has_none():
    result = measure(grey(7, 7, 7))
    assert (result.value, result.details["trembling"]) == (0.0, 0.0)


def test_an_even_fade_changes_without_trembling():
    result = measure(grey(0, 51, 102, 153))
    assert result.value == pytest.approx(0.2)
    assert result.details["trembling"] == pytest.approx(0.0, abs=1e-7)


def test_a_flickering_lamp_trembles_as_much_as_it_changes():
    result = measure(grey(0, 51, 0, 51))
    assert result.value == pytest.approx(0.2)
    assert result.details["trembling"] == pytest.approx(0.2)


def test_noise_has_the_share_that_normal_differences_have():
    noise = torch.randn(16, 3, 40, 40, generator=torch.Generator().manual_seed(0)) * 20 + 128
    result = measure(noise.round().byte())
    # Mean absolute values: of a difference 2 sigma / sqrt(pi), of a second one sqrt(3) as much.
    assert result.value == pytest.approx(2 * 20 / torch.pi**0.5 / 255, rel=0.01)
    assert result.details["trembling"] / result.value == pytest.approx(3**0.5 / 2, rel=0.01)


def test_every_video_counts_the_same():
    result = measure(grey(0, 51, 0), grey(0, 0, 0, 0, 0, 0))
    assert (result.value, result.num_samples) == (pytest.approx(0.1), 2)
    assert result.details["trembling"] == pytest.approx(0.1)


def test_two_frames_are_too_few():
    with pytest.raises(InputError, match="flicker needs at least 3 frames, got 2"):
        Flicker().update(grey(1, 2))
