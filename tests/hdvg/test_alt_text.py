import pytest

from hdvg.alt_text import choose_alt_text
from hdvg.download import Chapter, PageFacts

CHAPTERS = (
    Chapter(start_s=0.0, end_s=2.0, title="first"),
    Chapter(start_s=2.0, end_s=5.0, title="second"),
)


@pytest.fixture
def choose(make_scene):
    def choose(page, start_ms=0, end_ms=1000, origin_s=0.0, file_title=""):
        scene = make_scene(start_pts=start_ms, end_pts=end_ms)
        return choose_alt_text(page, scene, origin_s, file_title, "my_red-ball")

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
