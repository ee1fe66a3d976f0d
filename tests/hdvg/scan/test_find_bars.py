from types import SimpleNamespace

import numpy as np
import pytest

from hdvg.scan.find_bars import BarSamples, find_picture, to_display
from hdvg.scan.result import CropBox


def _luma(top=0, bottom=0, left=0, right=0, size=(180, 320), bright=150):
    luma = np.full(size, 16, np.uint8)
    rng = np.random.default_rng(0)
    luma += rng.integers(0, 8, size, dtype=np.uint8)  # noise of coded black
    height, width = size
    luma[top : height - bottom, left : width - right] = bright
    return luma


@pytest.mark.parametrize(
    ("bars", "picture"),
    [
        ({"top": 22, "bottom": 22}, (0, 22, 320, 136)),
        ({"top": 21, "bottom": 23}, (0, 22, 320, 134)),
        ({"left": 40, "right": 40}, (40, 0, 240, 180)),
        ({"top": 20, "bottom": 20, "left": 30, "right": 30}, (30, 20, 260, 140)),
        ({}, None),
        ({"top": 60}, None),  # a night sky
        ({"top": 2, "bottom": 2}, None),
    ],
)
def test_bars_are_found(bars, picture):
    samples = BarSamples()
    samples.add(0, _luma(**bars))
    assert samples.picture(0, 1) == picture
    assert samples.whole() == picture


def test_a_scene_s_box_holds_the_picture_of_all_its_samples():
    samples = BarSamples()
    samples.add(0, _luma(top=40, bottom=40))
    samples.add(12, _luma(top=22, bottom=22))
    samples.add(24, _luma())
    assert samples.picture(0, 12) == (0, 40, 320, 100)
    assert samples.picture(0, 24) == (0, 22, 320, 136)
    assert samples.picture(0, 25) is None
    assert samples.whole() is None
    samples.let_go(before=12)
    assert samples.picture(0, 24) == (0, 22, 320, 136)
    assert samples.picture(0, 12) is None


def test_dark_pictures_say_nothing():
    assert find_picture(np.full(180, 30, np.uint8), np.full(320, 30, np.uint8)) is None


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_boxes_turn_with_the_video(quarter_turns):
    """The truth is the box of a painted picture that is turned as the display does."""
    decoded = np.zeros((80, 120), np.uint8)
    x, y, width, height = 20, 10, 60, 40
    decoded[y : y + height, x : x + width] = 200
    shown = np.rot90(decoded, quarter_turns)
    facts = SimpleNamespace(
        rotation=90 * quarter_turns, width=shown.shape[1], height=shown.shape[0]
    )
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    expected = CropBox(x=columns[0], y=rows[0], width=len(columns), height=len(rows))
    assert to_display((x, y, width, height), (120, 80), facts) == expected


def test_boxes_stretch_with_the_pixels():
    facts = SimpleNamespace(rotation=0, width=240, height=80)
    assert to_display((20, 10, 60, 40), (120, 80), facts) == CropBox(
        x=40, y=10, width=120, height=40
    )
