import io

import av
import numpy as np
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
