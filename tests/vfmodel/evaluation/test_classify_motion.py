"""Motions of paths computed from the corpus' own scenes, all speeds and noise included."""

import numpy as np
import pytest

from hdvg.shapes.scene import MOTIONS, object_at, sample_scene
from vfmodel.evaluation.classify_motion import Place, classify_motion

TIMES = np.arange(8) / 8


@pytest.mark.parametrize("motion", MOTIONS)
def test_every_part_of_every_scene_is_named(motion):
    rng = np.random.default_rng(0)
    for _ in range(200):
        scene = sample_scene(rng, rng.uniform(2.0, 3.0), motion)
        start_s = rng.uniform(0.0, scene.duration_s - TIMES[-1])
        noise = rng.normal(0.0, 0.005, (8, 3))
        path = [
            Place(
                t, *(np.array(object_at(scene.objects[0], start_s + t, scene.duration_s)) + shake)
            )
            for t, shake in zip(TIMES, noise, strict=True)
        ]
        found, margin = classify_motion(path)
        assert found == motion
        assert margin > 0


def test_a_frame_in_which_the_thing_was_lost_moves_nothing():
    path = [Place(t, 0.5 * t, 0.0, 0.2) for t in TIMES]
    path[6] = Place(TIMES[6], -0.8, 0.4, 0.05)
    assert classify_motion(path)[0] == "moving right"


def test_the_margin_is_the_lead_over_the_next_answer():
    # Exactly the slowest speed leads staying still, which stands at a half, by a half.
    path = [Place(t, -0.95 / 3 * t, 0.0, 0.2) for t in TIMES]
    assert classify_motion(path) == ("moving left", pytest.approx(0.5))
    assert classify_motion([Place(t, 0.0, 0.0, 0.2) for t in TIMES]) == (
        "staying still",
        pytest.approx(0.5),
    )


def test_shrinking_is_no_motion_of_the_corpus():
    path = [Place(t, 0.0, 0.0, 0.3 - 0.1 * t) for t in TIMES]
    assert classify_motion(path)[0] == "staying still"
