"""How far an ablation's variants lie from the first of their table, seed by seed.

Runs of one seed share weights, clips, order and noise. What a seed does to all variants alike drops
out of their difference, so a difference is known better than either of its sides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from vfmodel.evaluation.tables.ablation_quantities import (
    QUANTITIES,
    Quantity,
    Summary,
    mean_over_seeds,
)
from vfmodel.evaluation.tables.ablation_table import rows_of
from vfmodel.evaluation.tables.table_grid import Cell, TableGrid, format_figure


def build_difference_table(
    plan: Mapping[str, Any], summaries: Sequence[Summary], kind: str
) -> TableGrid:
    """Builds the table of differences: a row each variant but the first, measured columns alone.

    Args:
        plan: Content of ablation.json.
        summaries: Of all runs that are done.
        kind: `ablation` or `dataset`, a key of the plan's tables.

    Raises:
        InputError: The plan has no such table.
    """
    (first, runs_of_first), *others = rows_of(plan, summaries, kind)
    quantities = [quantity for quantity in QUANTITIES[kind] if quantity.measured]
    return TableGrid(
        caption=f"Difference from {first}, seed by seed, with Student's 95 % interval of its mean.",
        head="variant",
        columns=tuple(quantity.column_of(summaries) for quantity in quantities),
        rows=tuple(
            (title, tuple(_cell(quantity, runs_of_first, runs) for quantity in quantities))
            for title, runs in others
        ),
        notes={},
    )


def _cell(quantity: Quantity, first: Sequence[Summary], other: Sequence[Summary]) -> Cell | None:
    differences = paired_differences(_by_seed(quantity, first), _by_seed(quantity, other))
    if not differences:
        return None
    mean, reach = mean_over_seeds(differences)
    sign = "+" if mean > 0 else ""
    return Cell(
        text=sign + format_figure(mean),
        interval="" if reach is None else f"± {format_figure(reach)}",
    )


def paired_differences(first: Mapping[int, float], other: Mapping[int, float]) -> list[float]:
    """Other less first, of the seeds that both have, in the first's order."""
    return [other[seed] - value for seed, value in first.items() if seed in other]


def _by_seed(quantity: Quantity, runs: Sequence[Summary]) -> dict[int, float]:
    return {run["seed"]: value for run in runs if (value := quantity.read(run)) is not None}
