"""Another dataset of ours as a source: its videos where they were found, its clips as spans."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import open_dataset
from hdvg.errors import InputError
from hdvg.plan import read_plan
from hdvg.sources.rows import Entry, SkippedRow
from hdvg.sources.source_video import Span

_FAMILY = "alt_text"


def read_dataset(root: str) -> Iterator[Entry]:
    """Lists the videos that gave clips, in the order of the plan, with a span for each clip.

    Args:
        root: A dataset folder or fsspec URL.

    Raises:
        InputError: Not a dataset, or one of rendered shapes, whose pages are served only while
            they are built.
    """
    storage, _ = open_dataset(root)
    catalogue = Catalogue(storage)
    has_captions = _FAMILY in catalogue.families("captions")
    made = {row["video_id"]: row for row in catalogue.table("videos").to_pylist()}
    for unit, videos in read_plan(storage).items():
        texts = _captions(catalogue, unit) if has_captions else {}
        spans = _spans(catalogue, unit, texts)
        for video in videos:
            if video.kind == "shapes":
                raise InputError(f"{root} was rendered: build from 'shapes' instead")
            row = made.get(video.video_id)
            if row is None or row["status"] != "ok":
                state = "not built" if row is None else "failed"
                yield SkippedRow(where=video.video_id, reason=f"{state} in the dataset")
                continue
            yield replace(video, spans=tuple(spans.get(video.video_id, ())))


def dataset_source(root: str) -> str:
    """The source that a dataset was built from, as its user named it."""
    _, info = open_dataset(root)
    return info.sources[0]


def _captions(catalogue: Catalogue, unit: str) -> dict[str, str]:
    table = catalogue.family("captions", _FAMILY, unit)
    return dict(zip(table["clip_id"].to_pylist(), table["text"].to_pylist(), strict=True))


def _spans(catalogue: Catalogue, unit: str, texts: dict[str, str]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for row in catalogue.table("clips", unit).to_pylist():
        spans.setdefault(row["video_id"], []).append(_span(row, texts))
    return spans


def _span(row: dict[str, Any], texts: dict[str, str]) -> Span:
    """A clip's id holds its times from the video's first frame, in milliseconds."""
    first_ms, last_ms = row["clip_id"].rsplit("_", 2)[1:]
    return Span(
        start_s=int(first_ms) / 1000,
        end_s=int(last_ms) / 1000,
        caption=texts.get(row["clip_id"], ""),
        name=row["clip_id"],
    )
