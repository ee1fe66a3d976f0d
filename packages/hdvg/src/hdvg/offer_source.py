"""Opens what a build starts from and keeps it open: a list is read, rendered shapes are served."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hdvg.errors import InputError
from hdvg.make_video import Origin
from hdvg.progress import View
from hdvg.shapes.corpus import CorpusConfig, plan_corpus
from hdvg.shapes.server import serve
from hdvg.shapes.site import write_site
from hdvg.sources.labels import read_labels
from hdvg.sources.read_source import read_source
from hdvg.sources.sample import Gathered, SampleConfig, gather
from hdvg.sources.shapes_site import SHAPES, read_shapes

_PARTS = ("hd", "web", "all")


@dataclass(frozen=True, kw_only=True)
class ShapesConfig:
    """The rendered corpus, where that is the source."""

    folder: str = "data/shapes"
    """Where it is rendered, once."""
    part: str = "hd"
    """Which of its videos: "hd" (several scenes, 720p, with the web's trouble), "web" (one scene,
    336p, watermarked) or "all"."""
    corpus: CorpusConfig = field(default_factory=CorpusConfig)
    """What is rendered."""

    def __post_init__(self) -> None:
        if self.part not in _PARTS:
            raise InputError(f"shapes.part must be one of {', '.join(_PARTS)}, got {self.part!r}")


@contextmanager
def offer_source(
    source: str, shapes: ShapesConfig, sample: SampleConfig, labels: str, spans: str
) -> Iterator[tuple[Gathered, Origin]]:
    """The videos of a source, and where their locators lead as long as the block lasts.

    Args:
        source: As `BuildConfig.source`.
        shapes: What is rendered and served where the source is "shapes".
        sample: Which videos are taken.
        labels: Path of a file of labels, or "".
        spans: One of `sample.SPAN_MODES`.

    Raises:
        InputError: The source or the labels cannot be used.
    """
    given = read_labels(Path(labels)) if labels else {}
    if source != SHAPES:
        found = read_source(source, sample, given, spans)
        yield found.found, Origin(source=source, folder=str(found.folder.absolute()))
        return
    with View("rendering shapes", len(plan_corpus(shapes.corpus))) as view:
        site = write_site(Path(shapes.folder), shapes.corpus, progress=view.update)
    with serve(site) as base_url:
        pages = gather(read_shapes(site, shapes.part), sample, given, spans)
        yield pages, Origin(source=SHAPES, base_url=base_url)
