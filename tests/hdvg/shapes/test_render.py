import numpy as np
import pytest

from hdvg.shapes.render import render_frame, render_frames
from hdvg.shapes.scene import COLOURS, SHAPES, BackgroundSpec, ObjectSpec, SceneSpec

DURATION_S = 2.0


def _scene(shape="circle", motion="moving right", velocity=(0.5, 0.0), centre=(0.0, 0.0)):
    thing = ObjectSpec(
        colour="red", shape=shape, motion=motion, radius=0.2, centre=centre, velocity=velocity
    )
    ground = BackgroundSpec(colour="green", seed=5, scroll=(0.1, 0.05))
    return SceneSpec(objects=(thing,), background=ground, duration_s=DURATION_S)


def _coverage(image):
    """How red each pixel is between the green background (0) and the object (1)."""
    red, green, _ = np.moveaxis(image.astype(float), 2, 0)
    return np.clip((red - green) / (COLOURS["red"][0] - COLOURS["red"][1]), 0, 1)


def _polygon_area(points):
    x, y = np.asarray(points).T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def _expected_area(shape, radius):
    """Areas from geometry: a circle, a square of 0.8 r, a triangle and a star in the circle."""
    angles = np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, 1.0, 0.45)
    return (
        radius**2
        * {
            "circle": np.pi,
            "square": 1.6**2,
            "triangle": 3 * np.sqrt(3) / 4,
            "star": _polygon_area(
                np.stack([reach * np.sin(angles), reach * np.cos(angles)], axis=1)
            ),
        }[shape]
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_area_is_the_shape_s_own(shape):
    image = render_frame(_scene(shape), DURATION_S / 2, 400, 600)
    assert _coverage(image).sum() == pytest.approx(_expected_area(shape, 80.0), rel=0.02)


def test_colour_at_the_centre_is_the_object_s():
    image = render_frame(_scene(), DURATION_S / 2, 96, 176)
    assert tuple(image[48, 88]) == COLOURS["red"]


@pytest.mark.parametrize("velocity", [(0.5, 0.0), (-0.4, 0.0), (0.0, 0.3), (0.0, -0.25)])
def test_centroid_moves_at_the_velocity(velocity):
    scene = _scene(velocity=velocity)
    centroids = []
    for t_s in (0.8, 1.2):
        cover = _coverage(render_frame(scene, t_s, 200, 360))
        rows, columns = np.indices(cover.shape)
        centroids.append([(columns * cover).sum(), (rows * cover).sum()] / cover.sum())
    moved = (centroids[1] - centroids[0]) / 200 / 0.4
    assert moved == pytest.approx(velocity, abs=0.02)


def test_background_scrolls_with_its_speed():
    scene = _scene()
    first, later = (render_frame(scene, t_s, 200, 360).astype(int) for t_s in (0.0, 0.5))
    # 0.1 heights/s for 0.5 s at 200 rows: 10 pixels to the right and 5 down, away from the object.
    assert np.array_equal(first[10:50, 250:330], later[15:55, 260:340])


def test_scene_looks_the_same_at_every_size():
    large = render_frame(_scene("star"), 0.7, 720, 1280)
    small = render_frame(_scene("star"), 0.7, 180, 320)
    averaged = large.reshape(180, 4, 320, 4, 3).mean(axis=(1, 3))
    assert np.abs(averaged - small).mean() < 1.0


def test_object_may_leave_the_frame():
    image = render_frame(_scene(centre=(9.0, 9.0)), DURATION_S / 2, 64, 96)
    assert _coverage(image).sum() == 0


def test_clip_is_its_frames():
    times = [0.0, 0.4, 0.9]
    clip = render_frames(_scene(), times, 48, 80)
    assert clip.shape == (3, 48, 80, 3)
    assert clip.dtype == np.uint8
    assert all(np.array_equal(clip[i], render_frame(_scene(), times[i], 48, 80)) for i in range(3))
