"""The ablations' tables: a row a variant, means over seeds with Student's 95 % intervals.

Columns are those of the paper's ablation (parameters, memory, time, FVD, CLIPSIM), and how often
the prompt was obeyed, in all and in the direction alone.
"""

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scipy.stats import t as student

from hdvg.errors import InputError
from vfmodel.evaluation.tables.table_grid import Cell, Column, TableGrid, format_figure

Summary = Mapping[str, Any]
_CAPTIONS = {
    "ablation": "What joins the spatial and the temporal stream, at equal steps and data order.",
    "dataset": "What the model is trained on, at equal steps.",
}


@dataclass(frozen=True, kw_only=True)
class _Quantity:
    """One column and where a run has it; `read` gives None where a run has none."""

    column: Column
    read: Callable[[Summary], float | None]
    measured: bool = True
    figure: str = ""
    """Part of a figure's name, which stands above the column as a whole: shapes-FVD is not FVD."""


def read_ablation(folder: str | Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The plan of an ablation and the summaries of the runs that are done.

    Raises:
        InputError: No ablation there, or not one run is done.
    """
    path = Path(folder) / "ablation.json"
    if not path.is_file():
        raise InputError(f"no ablation in {folder}: it has no ablation.json")
    plan = json.loads(path.read_text(encoding="utf-8"))
    summaries = []
    for seed in plan["seeds"]:
        for name in plan["variants"]:
            done = Path(folder) / f"{name}_s{seed}" / "summary.json"
            if done.is_file():
                summaries.append(json.loads(done.read_text(encoding="utf-8")))
    if not summaries:
        raise InputError(f"no run of the ablation in {folder} is done")
    return plan, summaries


def build_ablation_table(
    plan: Mapping[str, Any], summaries: Sequence[Summary], kind: str
) -> TableGrid:
    """Builds the table of one kind.

    Args:
        plan: Content of ablation.json.
        summaries: Of all runs that are done.
        kind: `ablation` or `dataset`, a key of the plan's tables.

    Raises:
        InputError: The plan has no such table.
    """
    if kind not in plan["tables"]:
        raise InputError(f"this ablation has no table {kind!r}")
    rows = []
    notes: dict[str, str] = {}
    quantities = _QUANTITIES[kind]
    for name in plan["tables"][kind]:
        runs = [summary for summary in summaries if summary["variant"] == name]
        notes |= _note_protocols(runs)
        short = len(runs) < len(plan["seeds"])
        title = plan["titles"].get(name, name) + (f" ({len(runs)} seeds)" if short else "")
        rows.append((title, tuple(_cell(quantity, runs) for quantity in quantities)))
    seeds = f"Means over seeds ({len(plan['seeds'])}) with Student's 95 % interval."
    return TableGrid(
        caption=f"{_CAPTIONS[kind]} {seeds}",
        head="variant",
        columns=tuple(_title(quantity, summaries) for quantity in quantities),
        rows=tuple(rows),
        notes=notes,
    )


def mean_over_seeds(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and the half width of Student's 95 % interval; None for fewer than two values."""
    count = len(values)
    mean = statistics.fmean(values)
    if count < 2:
        return mean, None
    reach = float(student.ppf(0.975, count - 1)) * statistics.stdev(values) / count**0.5
    return mean, reach


def _title(quantity: _Quantity, summaries: Sequence[Summary]) -> Column:
    names = {
        figure["name"]: None
        for summary in summaries
        for figure in summary["result"]["figures"]
        if quantity.figure and quantity.figure in figure["name"]
    }
    return replace(quantity.column, title=", ".join(names)) if names else quantity.column


def _cell(quantity: _Quantity, runs: Sequence[Summary]) -> Cell | None:
    found = [value for run in runs if (value := quantity.read(run)) is not None]
    if not found:
        return None
    mean, reach = mean_over_seeds(found)
    digests = {run["result"]["protocol"]["digest"] for run in runs}
    return Cell(
        text=format_figure(mean),
        interval="" if reach is None or reach == 0 else f"± {format_figure(reach)}",
        digest=",".join(sorted(digests)) if quantity.measured else "",
    )


def _note_protocols(runs: Sequence[Summary]) -> dict[str, str]:
    return {
        run["result"]["protocol"]["digest"]: (
            f"{run['result']['protocol']['label'].partition(':')[0]},"
            f" {run['result']['videos']['scored']} videos a run"
        )
        for run in runs
    }


def _cost(name: str, scale: float = 1.0) -> Callable[[Summary], float | None]:
    return lambda summary: summary["cost"][name] / scale


def _figure(name: str) -> Callable[[Summary], float | None]:
    """The value of the figure of this name, whatever network it was taken with."""

    def read(summary: Summary) -> float | None:
        for figure in summary["result"]["figures"]:
            if name in figure["name"]:
                return figure["value"]
        return None

    return read


def _share(attribute: str, *, of_misses: bool = False) -> Callable[[Summary], float | None]:
    """Share of the videos with an attribute as asked; or of those with another."""

    def read(summary: Summary) -> float | None:
        for figure in summary["result"]["figures"]:
            part = figure["details"].get("shares", {}).get("all", {}).get(attribute)
            if part is not None:
                return 1.0 - part["share"] if of_misses else part["share"]
        return None

    return read


_MEASURED = (
    *(
        _Quantity(
            column=Column(title=name, higher_is_better=name != "FVD"),
            read=_figure(name),
            figure=name,
        )
        for name in ("FVD", "CLIPSIM")
    ),
    _Quantity(column=Column(title="obeyed", higher_is_better=True), read=_share("everything")),
    _Quantity(column=Column(title="direction", higher_is_better=True), read=_share("motion")),
)
_COSTS = tuple(
    _Quantity(column=Column(title=title, higher_is_better=False), read=read, measured=False)
    for title, read in (
        ("parameters, M", _cost("parameters", 1e6)),
        ("GFLOP a clip", _cost("flops", 1e9)),
        ("memory, GB", _cost("memory_bytes", 1e9)),
        ("s a step", _cost("step_s")),
    )
)
_WATERMARK = _Quantity(
    column=Column(title="watermarked", higher_is_better=False),
    read=_share("watermark", of_misses=True),
)
_QUANTITIES = {"ablation": (*_COSTS, *_MEASURED), "dataset": (*_MEASURED, _WATERMARK)}
