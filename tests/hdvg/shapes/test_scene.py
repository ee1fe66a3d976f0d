from itertools import combinations, product

import numpy as np
import pytest

from hdvg.shapes.scene import (
    BACKGROUNDS,
    COLOURS,
    MOTIONS,
    SHAPES,
    BackgroundSpec,
    ObjectSpec,
    SceneSpec,
    caption,
    is_held_out,
    object_at,
    sample_scene,
    shows_held_out,
    still_caption,
    stock_caption,
)


def _scenes(count=300):
    rng = np.random.default_rng(0)
    return [sample_scene(rng, 2.5) for _ in range(count)]


def _thing(**changes):
    fields = {
        "colour": "red",
        "shape": "circle",
        "motion": "moving left",
        "radius": 0.2,
        "centre": (0.0, 0.0),
        "velocity": (-0.5, 0.0),
    }
    return ObjectSpec(**(fields | changes))


def _scene(*things):
    ground = BackgroundSpec(colour="green", seed=1, scroll=(0.1, 0.0))
    return SceneSpec(objects=things, background=ground, duration_s=2.0)


def test_caption_of_one_object():
    assert caption(_scene(_thing())) == "a red circle moving left over a green background"


def test_caption_of_two_objects_takes_the_article_of_each():
    second = _thing(colour="orange", shape="star", motion="staying still")
    text = "a red circle moving left and an orange star staying still over a green background"
    assert caption(_scene(_thing(), second)) == text


def test_a_still_shows_everything_but_motion():
    second = _thing(colour="orange", shape="star", motion="staying still")
    text = "a red circle and an orange star over a green background"
    assert still_caption(_scene(_thing(), second)) == text
    scenes = _scenes(50)
    for scene in scenes:
        said = caption(scene)
        for motion in MOTIONS:
            said = said.replace(f" {motion}", "")
        assert still_caption(scene) == said


def test_the_seed_decides_everything():
    assert _scenes(20) == _scenes(20)


def test_every_word_of_the_vocabulary_occurs():
    text = " ".join(caption(scene) for scene in _scenes())
    assert all(word in text for word in (*COLOURS, *BACKGROUNDS, *SHAPES, *MOTIONS))


def test_most_scenes_have_one_dominant_object():
    scenes = _scenes()
    single = sum(len(scene.objects) == 1 for scene in scenes)
    assert 0.75 < single / len(scenes) < 0.92
    pairs = [scene.objects for scene in scenes if len(scene.objects) == 2]
    assert all(first.radius > second.radius for first, second in pairs)


def test_objects_never_share_the_background_s_colour_name():
    for scene in _scenes():
        assert all(thing.colour != scene.background.colour for thing in scene.objects)


def test_objects_are_at_least_a_quarter_of_the_frame_high():
    assert min(thing.radius for scene in _scenes() for thing in scene.objects) * 2 >= 0.25


@pytest.mark.parametrize("motion", MOTIONS)
def test_motion_can_be_asked_for(motion):
    rng = np.random.default_rng(1)
    assert all(sample_scene(rng, 2.0, motion=motion).objects[0].motion == motion for _ in range(20))


def test_a_background_can_be_avoided():
    rng = np.random.default_rng(1)
    drawn = {sample_scene(rng, 2.0, avoid_background="grey").background.colour for _ in range(60)}
    assert drawn == set(BACKGROUNDS) - {"grey"}


def test_object_moves_at_its_velocity_through_its_centre():
    thing = _thing(centre=(0.1, -0.2), velocity=(0.4, 0.3))
    assert object_at(thing, 1.0, 2.0) == (0.1, -0.2, 0.2)
    assert object_at(thing, 2.0, 2.0) == pytest.approx((0.5, 0.1, 0.2))


def test_growing_object_grows():
    thing = _thing(motion="growing", velocity=(0.0, 0.0))
    start, middle, end = (object_at(thing, t_s, 2.0)[2] for t_s in (0.0, 1.0, 2.0))
    assert start < middle == 0.2 < end


def test_moving_objects_cross_a_good_part_of_the_frame_within_a_second():
    moving = [t for s in _scenes() for t in s.objects if t.motion.startswith("moving")]
    assert min(np.hypot(*thing.velocity) for thing in moving) > 0.15


def test_stock_footage_says_so():
    said = "a red circle moving left over a green background, stock footage"
    assert stock_caption(_scene(_thing())) == said


def test_a_quarter_of_all_combinations_is_held_out_and_no_triple():
    everything = list(product(COLOURS, SHAPES, MOTIONS, BACKGROUNDS))
    held = {each for each in everything if is_held_out(*each)}
    assert len(held) == len(everything) / 4
    for places in combinations(range(4), 3):
        kept = {tuple(each[i] for i in places) for each in everything if each not in held}
        assert kept == {tuple(each[i] for i in places) for each in everything}


def test_a_scene_is_held_out_if_any_of_its_objects_is():
    # Red, circle, moving left and green are the first of their kinds: their places add up to 0.
    held, kept = _thing(), _thing(motion="moving right")
    assert shows_held_out(_scene(held))
    assert not shows_held_out(_scene(kept))
    assert shows_held_out(_scene(kept, held))
