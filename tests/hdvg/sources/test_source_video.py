import math
import re

import pytest

from hdvg.sources.source_video import locate, make_id, whole_video

SAFE = re.compile(r"[A-Za-z0-9_-]+")


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.mp4", "a b/ü ñ.mp4", "x" * 200 + ".mp4", "....mp4", "-.mp4", "日本.mp4"],
)
def test_ids_are_safe_whatever_the_name(name):
    video = locate(f"https://example.org/{name}?a=../..")
    assert SAFE.fullmatch(video.video_id)
    assert len(video.video_id) < 60


@pytest.mark.parametrize(
    ("entry", "video_id"),
    [
        ("dQw4w9WgXcQ", "dQw4w9WgXcQ"),
        ("https://www.youtube.com/watch?v=-abcdefghi_&t=3", "-abcdefghi_"),
        ("https://youtu.be/ABCDEFGHIJK", "ABCDEFGHIJK"),
    ],
)
def test_youtube_is_recognised(entry, video_id):
    video = locate(entry)
    assert (video.kind, video.video_id, video.locator) == ("youtube", video_id, video_id)


@pytest.mark.parametrize("entry", ["file:///etc/passwd", "ftp://x/y", "no id", "http://", "x://[a"])
def test_nothing_else_is(entry):
    assert locate(entry) is None


def test_equal_slugs_have_other_digests():
    assert make_id("a b", "1") != make_id("a b", "2")
    assert make_id("a b", "1") == make_id("a-b", "1")


def test_a_whole_video_ends_nowhere():
    assert whole_video("x").end_s == math.inf
