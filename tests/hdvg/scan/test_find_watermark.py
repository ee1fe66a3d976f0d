import numpy as np
import pytest

from hdvg.scan.find_watermark import EdgeViews
from hdvg.shapes.overlay import stamp_watermark

SIZE = (320, 180)


def _texture(rng, height=180, width=320):
    """A picture with edges of every kind: blocks of random brightness."""
    blocks = rng.integers(40, 200, (height // 15 + 1, width // 20 + 1)).astype(np.uint8)
    return np.kron(blocks, np.ones((15, 20), np.uint8))[:height, :width]


def _score(pictures, box=None):
    views = EdgeViews()
    for picture in pictures:
        views.offer(picture)
    return views.score(box, SIZE)


def _stamped(picture):
    colour = np.repeat(picture[:, :, None], 3, axis=2)
    stamp_watermark(colour)
    return colour[:, :, 0]


def test_a_mark_over_changing_scenes_is_found():
    rng = np.random.default_rng(0)
    scenes = [_texture(rng) for _ in range(8)]
    assert _score([_stamped(picture) for picture in scenes]) > 0.7
    assert _score(scenes) == pytest.approx(0.0, abs=0.1)


def test_a_mark_over_a_pan_is_found():
    rng = np.random.default_rng(1)
    wide = _texture(rng, width=900)
    views = [wide[:, step * 23 : step * 23 + 320] for step in range(20)]
    assert _score([_stamped(np.ascontiguousarray(view)) for view in views]) > 0.7
    assert _score(views) < 0.3


def test_a_picture_that_stands_still_says_nothing():
    picture = _texture(np.random.default_rng(2))
    assert _score([_stamped(picture)] * 12) == 0.0


def test_black_bars_are_no_mark():
    rng = np.random.default_rng(3)
    views = []
    for _ in range(8):
        view = _texture(rng)
        view[:22], view[-22:] = 16, 16
        views.append(view)
    assert _score(views) > 0.3
    assert _score(views, box=(0, 22, 320, 136)) < 0.1


def test_a_few_frames_say_nothing_and_many_cost_no_more():
    rng = np.random.default_rng(4)
    assert _score([_stamped(_texture(rng)) for _ in range(4)]) == 0.0
    views = EdgeViews()
    for _ in range(400):
        views.offer(_stamped(_texture(rng, 90, 160)))
    assert len(views._views) <= 32
    assert views.score(None, (160, 90)) > 0.7
