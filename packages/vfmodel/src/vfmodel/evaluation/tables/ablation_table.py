"""The ablations' tables: a row a variant, means over seeds with Student's 95 % intervals."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.evaluation.tables.ablation_quantities import (
    QUANTITIES,
    Quantity,
    Summary,
    mean_over_seeds,
)
from vfmodel.evaluation.tables.table_grid import Cell, TableGrid, format_figure

_CAPTIONS = {
    "ablation": "What joins the spatial and the temporal stream, at equal steps and data order.",
    "dataset": "What the model is trained on, at equal steps.",
}


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
    rows = rows_of(plan, summaries, kind)
    quantities = QUANTITIES[kind]
    seeds = f"Means over seeds ({len(plan['seeds'])}) with Student's 95 % interval."
    return TableGrid(
        caption=f"{_CAPTIONS[kind]} {seeds}",
        head="variant",
        columns=tuple(quantity.column_of(summaries) for quantity in quantities),
        rows=tuple(
            (title, tuple(_cell(quantity, runs) for quantity in quantities)) for title, runs in rows
        ),
        notes=_note_protocols([run for _, runs in rows for run in runs]),
    )


def rows_of(
    plan: Mapping[str, Any], summaries: Sequence[Summary], kind: str
) -> list[tuple[str, list[Summary]]]:
    """A table's rows: what they are called, and their runs.

    Raises:
        InputError: The plan has no such table.
    """
    if kind not in plan["tables"]:
        raise InputError(f"this ablation has no table {kind!r}")
    seeds, rows = len(plan["seeds"]), []
    for name, title in plan["tables"][kind].items():
        runs = [summary for summary in summaries if summary["variant"] == name]
        short = f" ({len(runs)} of {seeds} seeds)" if len(runs) < seeds else ""
        rows.append((title + short, runs))
    return rows


def _cell(quantity: Quantity, runs: Sequence[Summary]) -> Cell | None:
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
