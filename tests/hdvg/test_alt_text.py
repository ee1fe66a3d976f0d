import pytest

from hdvg.alt_text import choose_alt_text, find_given
from hdvg.download.page import Chapter, PageFacts
from hdvg.sources.source_video import Span, whole_video

CHAPTERS = (
    Chapter(start_s=0.0, end_s=2.0, title="first"),
    Chapter(start_s=2.0, end_s=5.0, title="second"),
)


@pytest.fixture
def choose(make_scene):
    def choose(page, start_ms=0, end_ms=1000, origin_s=0.0, file_title="", given=""):
        scene = make_scene(start_pts=start_ms, end_pts=end_ms)
        return choose_alt_text(page, given, scene, origin_s, file_title, "my_red-ball")

    return choose


def test_chapter_that_covers_most_of_the_scene(choose):
    page = PageFacts(chapters=CHAPTERS, description="all of it")
    assert choose(page, 100, 2000) == ("first", "chapter")
    assert choose(page, 1900, 4000) == ("second", "chapter")
    assert choose(page, 1000, 3000) == ("all of it", "description")


def test_chapters_count_from_the_first_frame(choose):
    page = PageFacts(chapters=CHAPTERS)
    assert choose(page, 10_000, 11_900, origin_s=10.0) == ("first", "chapter")


def test_order_of_the_rest(choose):
    page = PageFacts(title="t", description="d", sidecar="s", chapters=CHAPTERS)
    assert choose(page, given="one\ntwo") == ("one", "span")
    page = PageFacts(title="t", description="d", sidecar="s")
    assert choose(page) == ("s", "sidecar")
    assert choose(PageFacts(title="t", description="d")) == ("d", "description")
    assert choose(PageFacts(title="t"), file_title="tag") == ("t", "title")
    assert choose(PageFacts(), file_title="tag") == ("tag", "title")
    assert choose(PageFacts()) == ("my red ball", "filename")


def test_long_texts_end_at_a_word(choose):
    text, _ = choose(PageFacts(description="word " * 100))
    assert len(text) <= 300
    assert set(text.split()) == {"word"}


def _span(start_s, end_s, caption, early_s=0.0):
    return Span(start_s=start_s, end_s=end_s, caption=caption, name="c_0", early_s=early_s)


def test_a_span_gives_its_captions_to_the_scene_that_it_covers(make_scene):
    spans = [_span(0.0, 3.0, "first"), _span(3.0, 6.0, "second\nagain"), _span(3.2, 9.0, "less")]
    scene = make_scene(start_pts=12_900, end_pts=16_000)
    assert find_given(spans, scene, 10.0) == "second\nagain"
    assert find_given(spans, make_scene(start_pts=2000, end_pts=4000), 0.0) == ""
    assert find_given([], scene, 10.0) == ""
    assert find_given([whole_video("all")], scene, 10.0) == "all"


def test_an_uncertain_span_counts_where_it_covers_the_scene_wherever_it_lies(make_scene):
    scene = make_scene(start_pts=10_000, end_pts=12_000)
    assert find_given([_span(10.0, 20.0, "long", early_s=5.5)], scene, 0.0) == "long"
    assert find_given([_span(10.0, 16.0, "short", early_s=5.5)], scene, 0.0) == ""
