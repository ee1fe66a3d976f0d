from fractions import Fraction

import pytest


def test_times_are_on_the_source_s_clock(make_scene):
    scene = make_scene(
        start_pts=90_000, end_pts=270_000, keyframe_pts=180_300, time_base=Fraction(1, 90_000)
    )
    assert (scene.start_s, scene.end_s) == (1.0, 3.0)
    assert scene.keyframe_s == pytest.approx(2 + 300 / 90_000)
