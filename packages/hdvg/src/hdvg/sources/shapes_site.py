"""The pages of a rendered corpus."""

from pathlib import Path

from hdvg.sources.source_video import SourceVideo

SHAPES = "shapes"


def read_shapes(site: Path, part: str) -> list[SourceVideo]:
    """Lists the pages of a rendered corpus: part "hd", "web" or "all"."""
    name = "urls.txt" if part == "all" else f"{part}.txt"
    pages = (site / name).read_text().split()
    return [SourceVideo(video_id=Path(page).stem, kind="shapes", locator=page) for page in pages]
