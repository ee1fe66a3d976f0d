"""Keyframes are found by clip, over all tars of a unit, and bad ones are no pictures."""

import io

import pytest
from PIL import Image

from hdvg.commits import Commit
from hdvg.shards import pack
from hdvg.storage import Storage
from hdvg.unit_keyframes import decode_keyframe, read_keyframes


def _jpeg(colour, size=(16, 8), kind="JPEG"):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def test_every_tar_of_the_unit_is_read_and_nothing_else(tmp_path):
    storage = Storage(tmp_path)
    tars = {
        "keyframes/u0.tar": {"a_0.jpg": b"one", "a_1.jpg": b"two"},
        "keyframes/u0-r1.tar": {"b_0.jpg": b"three"},
        "media/u0.tar": {"a_0.mp4": b"film"},
    }
    files = [storage.write_bytes(name, pack(members)[0]) for name, members in tars.items()]
    build = Commit(stage="build", unit="u0", files=tuple(files), rows={})
    assert read_keyframes(storage, build) == {"a_0": b"one", "a_1": b"two", "b_0": b"three"}


def test_a_picture_has_the_mode_that_was_asked_for():
    red = decode_keyframe(_jpeg("red"))
    assert (red.mode, red.size) == ("RGB", (16, 8))
    assert max(abs(a - b) for a, b in zip(red.getpixel((3, 3)), (254, 0, 0), strict=True)) <= 2
    assert decode_keyframe(_jpeg("white"), "L").getpixel((3, 3)) == 255


@pytest.mark.parametrize(
    "content", [b"", b"not a picture", _jpeg("red")[:-60], _jpeg("red", kind="PNG")]
)
def test_what_is_no_whole_jpeg_is_none(content):
    assert decode_keyframe(content) is None


def test_a_picture_of_absurd_size_is_none(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert decode_keyframe(_jpeg("red")) is None
