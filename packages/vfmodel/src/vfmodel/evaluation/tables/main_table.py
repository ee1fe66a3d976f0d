"""The main comparison: models against datasets, own figures and published ones side by side.

Both stand in one column only with marks: a published figure carries the letter of its source, an
own one its interval and the digest of its protocol.
"""

from collections.abc import Sequence
from typing import Any

from vfmodel.evaluation.tables.published_figures import PublishedFigure
from vfmodel.evaluation.tables.table_grid import Cell, Column, TableGrid, format_figure

# Datasets as tables call them, in the paper's order.
_TITLES = {
    "ucf101": "UCF-101",
    "msrvtt": "MSR-VTT",
    "webvid": "WebVid val",
    "shapes": "shapes",
    "folder": "folder",
}
_INCOMPLETE = "*"
# Of a commit's hash, as git abbreviates it.
_REVISION_CHARS = 7
Key = tuple[str, str]


def build_main_table(
    results: Sequence[dict[str, Any]], published: Sequence[PublishedFigure]
) -> TableGrid:
    """Rows by model, own ones first; a column for each dataset and figure that anybody has.

    Args:
        results: Contents of result files; of two of one model and protocol the last counts.
        published: Others' figures; those of datasets that no own result has are shown too.
    """
    own: dict[str, dict[Key, Cell]] = {}
    better: dict[Key, bool | None] = {("ucf101", "FVD"): False, ("msrvtt", "CLIPSIM"): True}
    notes: dict[str, str] = {}
    for result in results:
        dataset = result["protocol"]["real"]["dataset"]
        for figure in result["figures"]:
            if figure["value"] is None:
                continue
            key = (dataset, figure["name"])
            better[key] = figure["higher_is_better"]
            own.setdefault(_row_of(result), {})[key] = own_cell(figure, result)
    for figure in published:
        better.setdefault((figure.dataset, figure.figure), figure.figure != "FVD")
    marks = _mark_sources(published)
    others: dict[str, dict[Key, Cell]] = {}
    for figure in published:
        cell = Cell(text=_as_printed(figure.value), mark=marks[figure.reference])
        others.setdefault(figure.model, {})[figure.dataset, figure.figure] = cell
    keys = [key for key in sorted(better, key=_place) if _is_used(key, own, others)]
    notes |= {mark: f"published, not measured here: {source}" for source, mark in marks.items()}
    notes |= _note_protocols(results)
    rows = [(name, own[name]) for name in own]
    rows += [(f"{name} (published)", others[name]) for name in others]
    return TableGrid(
        caption="Models by dataset. Own figures carry a 95 % interval and their protocol's digest.",
        head="model",
        columns=tuple(
            Column(title=f"{_TITLES[d]} {figure}", higher_is_better=better[d, figure])
            for d, figure in keys
        ),
        rows=tuple((name, tuple(cells.get(key) for key in keys)) for name, cells in rows),
        notes=notes,
    )


def own_cell(figure: dict[str, Any], result: dict[str, Any]) -> Cell:
    """A figure of a result file, starred if videos were missing."""
    low, high = figure["low"], figure["high"]
    interval = "" if low is None else f"[{format_figure(low)}, {format_figure(high)}]"
    return Cell(
        text=format_figure(figure["value"]),
        interval=interval,
        digest=result["protocol"]["digest"],
        mark="" if result["complete"] else _INCOMPLETE,
    )


def _as_printed(value: float) -> str:
    """All digits that a paper gives: 292.35, and 0.3070."""
    return str(value) if abs(value) >= 1 else format_figure(value)


def _row_of(result: dict[str, Any]) -> str:
    """The model's name; with its commit, where it comes from a hub."""
    revision = result["made_with"].get("model_revision", "")
    return f"{result['model']}@{revision[:_REVISION_CHARS]}" if revision else str(result["model"])


def _mark_sources(published: Sequence[PublishedFigure]) -> dict[str, str]:
    """Letters of the sources, in the order in which they are first named: a to z, then aa."""
    sources = dict.fromkeys(figure.reference for figure in published)
    return {source: _letters(number) for number, source in enumerate(sources)}


def _letters(number: int) -> str:
    first, last = divmod(number, 26)
    return (_letters(first - 1) if first else "") + chr(ord("a") + last)


def _note_protocols(results: Sequence[dict[str, Any]]) -> dict[str, str]:
    notes = {}
    if any(not result["complete"] for result in results):
        notes[_INCOMPLETE] = "incomplete: videos were missing or broken; see the result file"
    for result in results:
        networks = {
            figure["details"]["network"]
            for figure in result["figures"]
            if "network" in figure.get("details", {})
        }
        told = f"; features: {', '.join(sorted(networks))}" if networks else ""
        count = result["videos"]["scored"]
        notes[result["protocol"]["digest"]] = (
            f"{result['protocol']['label'].partition(':')[0]}, {count} videos against"
            f" {result['real']['used']} real ones{told}"
        )
    return notes


def _place(key: Key) -> tuple[int, bool, str]:
    """By dataset as in the paper, distances of videos first."""
    dataset, figure = key
    return list(_TITLES).index(dataset), "FVD" not in figure, figure


def _is_used(key: Key, *parts: dict[str, dict[Key, Cell]]) -> bool:
    return any(key in cells for part in parts for cells in part.values())
