import io
from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from hdvg.keyframes import encode_keyframe


def _frame(height, width, colour=(200, 60, 30)):
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:] = colour
    return av.VideoFrame.from_ndarray(rgb)


def _open(data):
    return Image.open(io.BytesIO(data))


def test_keyframe_keeps_colour_and_aspect():
    picture = _open(encode_keyframe(_frame(720, 1280)))
    assert (picture.format, picture.size) == ("JPEG", (683, 384))
    assert np.abs(np.asarray(picture).mean(axis=(0, 1)) - (200, 60, 30)).max() < 4


def test_small_frames_are_not_enlarged():
    assert _open(encode_keyframe(_frame(96, 176))).size == (176, 96)


def test_equal_frames_give_equal_bytes():
    assert encode_keyframe(_frame(96, 176)) == encode_keyframe(_frame(96, 176))


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
def test_keyframes_are_upright_with_square_pixels(quarter_turns):
    """The truth is the picture, stretched to twice its width and turned by numpy."""
    decoded = np.zeros((60, 80, 3), np.uint8)
    decoded[:30, :40] = (200, 60, 30)
    shown = np.rot90(np.repeat(decoded, 2, axis=1), quarter_turns)
    facts = SimpleNamespace(
        rotation=90 * quarter_turns, width=shown.shape[1], height=shown.shape[0]
    )
    frame = av.VideoFrame.from_ndarray(decoded)
    picture = np.asarray(_open(encode_keyframe(frame, facts))).astype(int)
    assert picture.shape == shown.shape
    assert np.abs(picture - shown).mean() < 6
