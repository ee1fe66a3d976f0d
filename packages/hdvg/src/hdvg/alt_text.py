"""The caption that the web already gave: a chapter, a description, a title or a file's name."""

from collections.abc import Sequence

from hdvg.download.page import PageFacts
from hdvg.scan.result import Scene
from hdvg.sources.source_video import Span

FAMILY = "alt_text"
# All that a list says of a clip, where it says several things.
GIVEN_FAMILY = "given"
# A chapter or span names a scene if it covers at least this part of it; chosen here, so that of
# parts without overlap at most one can.
_MIN_OVERLAP = 0.5
# Longer texts are descriptions of channels and sponsors rather than of what is seen.
_MAX_CHARS = 300


def choose_alt_text(
    page: PageFacts, given: str, scene: Scene, origin_s: float, file_title: str, name: str
) -> tuple[str, str]:
    """Picks the most specific text there is for a scene.

    Args:
        page: What the source says.
        given: What a list of captions says of the scene, as `find_given` found it; its first line
            counts.
        scene: What the caption is for.
        origin_s: Time of the video's first frame; chapters count from there.
        file_title: The container's title tag, or "".
        name: The file's or page's name, the last resort.

    Returns:
        The text, and where it comes from: "span", "chapter", "sidecar", "description", "title"
        or "filename".
    """
    candidates = (
        (given.split("\n", 1)[0], "span"),
        (_chapter_of(page, scene, origin_s), "chapter"),
        (page.sidecar, "sidecar"),
        (page.description, "description"),
        (page.title or file_title, "title"),
    )
    for text, origin in candidates:
        if text:
            return _shorten(text), origin
    return " ".join(name.replace("_", " ").replace("-", " ").split()), "filename"


def find_given(spans: Sequence[Span], scene: Scene, origin_s: float) -> str:
    """What a list of captions says of a scene.

    Args:
        spans: Parts with captions.
        scene: Which scene.
        origin_s: Time of the video's first frame; spans count from there.

    Returns:
        The captions of the span that covers most of the scene, and more than half of it wherever
        the span may lie, one a line; "" where there is none.
    """
    start_s, end_s = scene.start_s - origin_s, scene.end_s - origin_s

    def covered_s(span: Span) -> float:
        # Moving a span, its overlap only rises, then falls: the least is at one of the extremes.
        return min(
            min(end_s, span.end_s - early_s) - max(start_s, span.start_s - early_s)
            for early_s in (0.0, span.early_s)
        )

    best = max(spans, key=covered_s, default=None)
    if best is None or covered_s(best) <= _MIN_OVERLAP * (end_s - start_s):
        return ""
    return best.caption


def _chapter_of(page: PageFacts, scene: Scene, origin_s: float) -> str:
    start_s, end_s = scene.start_s - origin_s, scene.end_s - origin_s
    for chapter in page.chapters:
        overlap_s = min(end_s, chapter.end_s) - max(start_s, chapter.start_s)
        if overlap_s > _MIN_OVERLAP * (end_s - start_s):
            return chapter.title
    return ""


def _shorten(text: str) -> str:
    if len(text) <= _MAX_CHARS:
        return text
    return text[:_MAX_CHARS].rsplit(" ", 1)[0]
