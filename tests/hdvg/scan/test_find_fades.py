import numpy as np
import pytest

from hdvg.scan.find_fades import find_fades

LEVEL, REACH = 12.0, 30


def _series(light, luma=110.0, contrast=40.0, flat=0.0):
    """Mean and deviation of a picture that is scaled towards a flat colour."""
    light = np.asarray(light, float)
    return flat + (luma - flat) * light, contrast * light


def _ramp(count):
    return np.linspace(1.0, 0.0, count + 1)[1:-1]


def _fade(down, black, up, before=40, after=40):
    return [*np.ones(before), *_ramp(down), *np.zeros(black), *_ramp(up)[::-1], *np.ones(after)]


@pytest.mark.parametrize("flat", [0.0, 255.0])
@pytest.mark.parametrize(("down", "black", "up"), [(10, 1, 10), (10, 20, 24), (24, 200, 8)])
def test_fades_are_found_with_their_ramps(down, black, up, flat):
    light = _fade(down, black, up)
    [gap] = find_fades(*_series(light, flat=flat), LEVEL, REACH)
    assert (gap.before, gap.after) == ("fade", "fade")
    outside = [*light[: gap.start], *light[gap.end :]]
    assert min(outside) == 1.0
    assert len(outside) >= 78  # no more than a frame is lost on either side


def test_hard_cuts_to_and_from_black_are_cuts():
    light = [*np.ones(30), *np.zeros(25), *np.ones(30)]
    [gap] = find_fades(*_series(light), LEVEL, REACH)
    assert (gap.start, gap.end, gap.before, gap.after) == (30, 55, "cut", "cut")


def test_a_fade_out_with_a_hard_start_after_it():
    light = [*np.ones(30), *_ramp(12), *np.zeros(5), *np.ones(30)]
    [gap] = find_fades(*_series(light), LEVEL, REACH)
    assert (gap.before, gap.after) == ("fade", "cut")
    assert gap.end == 30 + 11 + 5


def test_a_fade_whose_black_was_skipped():
    light = [*np.ones(30), 0.8, 0.5, 0.18, 0.45, 0.75, *np.ones(30)]
    [gap] = find_fades(*_series(light), LEVEL, REACH)
    assert 28 <= gap.start <= 30
    assert 35 <= gap.end <= 37


def test_dark_scenes_and_flicker_are_not_fades():
    rng = np.random.default_rng(0)
    dark = 0.2 + 0.02 * rng.random(120)
    assert find_fades(*_series([*np.ones(40), *dark, *np.ones(40)]), LEVEL, REACH) == []
    flicker = 1.0 - 0.5 * rng.random(150)
    assert find_fades(*_series(flicker), LEVEL, REACH) == []


def test_the_black_at_the_ends_of_a_video():
    light = [*np.zeros(10), *_ramp(10)[::-1], *np.ones(50), *_ramp(10), *np.zeros(12)]
    first, last = find_fades(*_series(light), LEVEL, REACH)
    assert (first.start, first.after, last.before, last.end) == (0, "fade", "fade", len(light))
