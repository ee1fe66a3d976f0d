"""The caption that the web already gave: a chapter, a description, a title or a file's name."""

from hdvg.download import PageFacts
from hdvg.scan.result import Scene

FAMILY = "alt_text"
# A chapter names a scene if it covers at least this part of it; chosen here, so that at most one
# chapter can.
_MIN_OVERLAP = 0.5
# Longer texts are descriptions of channels and sponsors rather than of what is seen.
_MAX_CHARS = 300


def choose_alt_text(
    page: PageFacts, scene: Scene, origin_s: float, file_title: str, name: str
) -> tuple[str, str]:
    """Picks the most specific text there is for a scene.

    Args:
        page: What the source says.
        scene: What the caption is for.
        origin_s: Time of the video's first frame; chapters count from there.
        file_title: The container's title tag, or "".
        name: The file's or page's name, the last resort.

    Returns:
        The text, and where it comes from: "chapter", "sidecar", "description", "title" or
        "filename".
    """
    candidates = (
        (_chapter_of(page, scene, origin_s), "chapter"),
        (page.sidecar, "sidecar"),
        (page.description, "description"),
        (page.title or file_title, "title"),
    )
    for text, origin in candidates:
        if text:
            return _shorten(text), origin
    return " ".join(name.replace("_", " ").replace("-", " ").split()), "filename"


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
