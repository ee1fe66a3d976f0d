"""Colours and covers against scenes whose truth was rendered."""

import numpy as np
import pytest

from hdvg.shapes.render import render_frames
from hdvg.shapes.scene import BACKGROUNDS, COLOURS, BackgroundSpec, ObjectSpec, SceneSpec
from vfmodel.evaluation.segment_object import segment_object

PAIRS = [(colour, ground) for colour in COLOURS for ground in BACKGROUNDS if colour != ground]


def render(colour, ground, shape="circle", x=0.1):
    thing = ObjectSpec(
        colour=colour,
        shape=shape,
        motion="staying still",
        radius=0.2,
        centre=(x, -0.05),
        velocity=(0.0, 0.0),
    )
    background = BackgroundSpec(colour=ground, seed=5, scroll=(0.1, 0.0))
    scene = SceneSpec(objects=(thing,), background=background, duration_s=2.0)
    return render_frames(scene, [0.0, 0.5], 96, 176).astype(np.float32)


@pytest.mark.parametrize(("colour", "ground"), PAIRS)
def test_every_colour_is_found_on_every_background(colour, ground):
    segments = segment_object(render(colour, ground))
    assert (segments.colour, segments.background) == (colour, ground)
    assert segments.colour_share > 0.9
    assert segments.background_share > 0.85


def test_the_cover_is_the_area_of_the_circle():
    cover = segment_object(render("red", "teal")).cover
    want = np.pi * (0.2 * 96) ** 2
    assert cover.sum(axis=(1, 2)) == pytest.approx([want, want], rel=0.02)
    y, x = np.mgrid[:96, :176] + 0.5
    reach = np.hypot(x - 88 - 0.1 * 96, y - 48 + 0.05 * 96)
    assert cover[:, reach < 17].min() > 0.9
    assert cover[:, reach > 30].max() == 0


def test_a_second_small_thing_and_specks_are_left_out():
    pixels = render("blue", "pink")
    clean = segment_object(pixels).cover
    pixels[:, 5:12, 5:12] = COLOURS["blue"]
    pixels[:, 80:82, 100] = COLOURS["yellow"]
    segments = segment_object(pixels)
    assert segments.colour == "blue"
    np.testing.assert_allclose(segments.cover, clean, atol=1e-6)


def test_an_object_whose_colour_is_off_is_named_by_the_nearest():
    pixels = render("red", "grey")
    off = pixels + (np.array([180, 70, 60]) - np.array(COLOURS["red"])) * (
        np.linalg.norm(pixels - np.array(COLOURS["red"]), axis=-1, keepdims=True) < 20
    )
    assert segment_object(off.astype(np.float32)).colour == "red"


def test_a_bare_background_has_no_object():
    pixels = render("black", "brown", x=5.0)
    segments = segment_object(pixels)
    assert (segments.background, segments.colour) == ("brown", None)
    assert not segments.cover.any()


def test_the_mark_in_an_object_leaves_no_hole():
    pixels = render("purple", "green", x=0.0)
    clean = segment_object(pixels).cover
    pixels[:, 44:48, 80:96] += 0.35 * (255 - pixels[:, 44:48, 80:96])
    assert abs(segment_object(pixels).cover.sum() / clean.sum() - 1) < 0.03
