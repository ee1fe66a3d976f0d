import base64
import io

import numpy as np
import pytest
from PIL import Image

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.report.gallery import GalleryConfig, draw_gallery, find_link, make_poster
from hdvg.shards import read_member
from hdvg.storage import Storage


@pytest.fixture
def catalogue(data):
    return Catalogue(Storage(data))


def draw(catalogue, **config):
    return draw_gallery(catalogue, GalleryConfig(**config))


def test_a_clip_carries_its_own_file_words_and_scores(catalogue):
    rows = {row["clip_id"]: row for row in catalogue.table("clips").to_pylist()}
    found = {clip.clip_id: clip for clip in draw(catalogue)}
    assert list(found) == ["a_0", "a_1", "b_0"]
    for name, clip in found.items():
        place = {k: rows[name][k] for k in ("shard", "offset", "nbytes", "sha256")}
        assert base64.b64decode(clip.video) == read_member(catalogue.storage, **place)
    first, second, third = found.values()
    assert first.captions == {"alt_text": "a red ball"}
    assert (first.scores["watermark"], second.scores["watermark"]) == (0.25, 0.75)
    assert "fingerprint" not in first.scores
    assert third.scores == {}
    assert (first.category, third.category) == ("Sport", "Film")
    assert (first.title, first.start_s, first.duration_s) == ("Balls", 1.0, 2.0)
    assert (first.link, third.link) == ("https://films.test/a", "")
    assert first.poster
    assert second.poster == ""  # its keyframe is damaged


def test_the_seed_draws_and_the_dataset_orders(catalogue):
    drawn = {tuple(c.clip_id for c in draw(catalogue, clips=2, seed=s)) for s in range(20)}
    assert drawn == {("a_0", "a_1"), ("a_0", "b_0"), ("a_1", "b_0")}
    assert draw(catalogue, clips=2, seed=3) == draw(catalogue, clips=2, seed=3)
    assert draw(catalogue, clips=0) == []
    assert [c.clip_id for c in draw(catalogue, select="watermark > 0.5")] == ["a_1"]
    with pytest.raises(InputError, match="no selection 'hq'"):
        draw(catalogue, select="hq")


def test_videos_fill_the_page_up_to_its_size(catalogue):
    sizes = catalogue.table("clips")["nbytes"].to_pylist()
    one = draw(catalogue, max_mb=(sizes[0] + min(sizes[1:]) - 1) / 1e6)
    assert [bool(clip.video) for clip in one] == [True, False, False]
    assert sum(bool(clip.video) for clip in draw(catalogue, max_mb=0)) == 0
    assert draw(catalogue, max_mb=0)[0].poster


@pytest.mark.parametrize(
    ("kind", "locator", "link"),
    [
        ("youtube", "dQw4w9WgXcQ", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s"),
        ("youtube", "a&b=<", "https://www.youtube.com/watch?v=a%26b%3D%3C&t=65s"),
        ("url", "https://films.test/a?b=1", "https://films.test/a?b=1"),
        ("url", "javascript:alert(1)", ""),
        ("url", "data:text/html,x", ""),
        ("file", "https://films.test/a", ""),
        ("shapes", "watch/v1.html", ""),
    ],
)
def test_only_web_addresses_become_links(kind, locator, link):
    assert find_link(kind, locator, 65.9) == link


def test_posters_keep_the_picture_and_damage_gives_none():
    wide = Image.fromarray(np.full((384, 683, 3), (200, 40, 40), np.uint8))
    buffer = io.BytesIO()
    wide.save(buffer, "JPEG")
    with Image.open(io.BytesIO(base64.b64decode(make_poster(buffer.getvalue())))) as poster:
        assert poster.size == (480, 270)
        assert np.abs(np.asarray(poster).astype(int)[100, 100] - (200, 40, 40)).max() < 5
    assert make_poster(buffer.getvalue()[:500]) == ""
    assert make_poster(b"no picture") == ""


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"clips": -1}, "clips must not be negative, got -1"),
        ({"max_mb": -0.5}, r"max_mb .* got -0\.5"),
        ({"max_mb": float("inf")}, "max_mb .* got inf"),
        ({"max_mb": float("nan")}, "max_mb .* got nan"),
        ({"seed": -2}, "seed must not be negative, got -2"),
    ],
)
def test_impossible_settings_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        GalleryConfig(**settings)
