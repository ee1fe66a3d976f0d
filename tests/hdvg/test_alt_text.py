from fractions import Fraction

from hdvg.alt_text import choose_alt_text
from hdvg.download import Chapter, PageFacts
from hdvg.scan import Scene

CHAPTERS = (
    Chapter(start_s=0.0, end_s=2.0, title="first"),
    Chapter(start_s=2.0, end_s=5.0, title="second"),
)


def _scene(start_ms, end_ms):
    return Scene(
        index=0,
        start_pts=start_ms,
        end_pts=end_ms,
        time_base=Fraction(1, 1000),
        boundary_start="cut",
        boundary_end="cut",
    )


def _choose(page, scene=None, origin_s=0.0, file_title=""):
    return choose_alt_text(page, scene or _scene(0, 1000), origin_s, file_title, "my_red-ball")


def test_chapter_that_covers_most_of_the_scene():
    page = PageFacts(chapters=CHAPTERS, description="all of it")
    assert _choose(page, _scene(100, 2000)) == ("first", "chapter")
    assert _choose(page, _scene(1900, 4000)) == ("second", "chapter")
    assert _choose(page, _scene(1000, 3000)) == ("all of it", "description")


def test_chapters_count_from_the_first_frame():
    page = PageFacts(chapters=CHAPTERS)
    assert _choose(page, _scene(10_000, 11_900), origin_s=10.0) == ("first", "chapter")


def test_order_of_the_rest():
    page = PageFacts(title="t", description="d", sidecar="s")
    assert _choose(page) == ("s", "sidecar")
    assert _choose(PageFacts(title="t", description="d")) == ("d", "description")
    assert _choose(PageFacts(title="t"), file_title="tag") == ("t", "title")
    assert _choose(PageFacts(), file_title="tag") == ("tag", "title")
    assert _choose(PageFacts()) == ("my red ball", "filename")


def test_long_texts_end_at_a_word():
    text, _ = _choose(PageFacts(description="word " * 100))
    assert len(text) <= 300
    assert set(text.split()) == {"word"}
