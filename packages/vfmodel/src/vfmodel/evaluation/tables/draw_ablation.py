"""An ablation's table as a picture: every seed's value, their mean, its interval."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vfmodel.evaluation.tables.ablation_quantities import (
    QUANTITIES,
    Quantity,
    Summary,
    mean_over_seeds,
)
from vfmodel.evaluation.tables.ablation_table import rows_of
from vfmodel.evaluation.tables.table_grid import ARROWS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _MEAN, _SEED = "#1c1d21", "#2f6fb3", "#d98c3f"
_GRID = "#e4e1da"
# More panels than this begin a new line.
_PANELS_A_LINE = 4
# Of a share's axis, what lies beyond 0 and 1, so that dots are whole.
_BEYOND = 0.03
# For GitHub, which shows both, and for papers.
_ENDINGS = ("png", "svg")


def draw_ablation(plan: Mapping[str, Any], summaries: Sequence[Summary], kind: str) -> "Figure":
    """Draws a panel for each of the table's columns, a line for each of its rows.

    Args:
        plan: Content of ablation.json.
        summaries: Of all runs that are done.
        kind: `ablation` or `dataset`.

    Returns:
        The figure: small dots are seeds, a large one their mean, its whisker Student's 95 %
        interval where there are two seeds at least.

    Raises:
        InputError: The plan has no such table.
    """
    from matplotlib.figure import Figure

    rows = rows_of(plan, summaries, kind)
    quantities = QUANTITIES[kind]
    lines = -(-len(quantities) // _PANELS_A_LINE)
    across = -(-len(quantities) // lines)
    size = (2.1 + 2.7 * across, (1.1 + 0.36 * len(rows)) * lines)
    figure = Figure(figsize=size, dpi=150, layout="constrained")
    panels = figure.subplots(lines, across, sharey=True, squeeze=False).flat
    for quantity, panel in zip(quantities, panels, strict=False):
        column = quantity.column_of(summaries)
        arrow = ARROWS[column.higher_is_better][0]
        panel.set_title(f"{column.title} {arrow}", fontsize=10.5, color=_INK)
        for line, (_, runs) in enumerate(rows):
            _draw_row(panel, line, quantity, runs)
        if quantity.share:
            left, right = panel.get_xlim()
            panel.set_xlim(max(left, -_BEYOND), min(right, 1.0 + _BEYOND))
        panel.set_ylim(len(rows) - 0.5, -0.5)
        panel.set_yticks(range(len(rows)), [title for title, _ in rows])
        panel.tick_params(length=0, labelsize=9, colors=_INK)
        panel.grid(axis="x", color=_GRID)
        panel.set_axisbelow(True)
        panel.locator_params(axis="x", nbins=4)
        for side in panel.spines.values():
            side.set_visible(False)
    for panel in panels:
        panel.set_visible(False)
    return figure


def save_figure(figure: "Figure", folder: Path, name: str) -> list[Path]:
    """Writes a figure as PNG and as SVG; the same figure gives the same files.

    Returns:
        The files.
    """
    from matplotlib import rc_context

    paths = [folder / f"{name}.{ending}" for ending in _ENDINGS]
    with rc_context({"svg.hashsalt": name}):
        for path in paths:
            metadata = {"Date": None} if path.suffix == ".svg" else {}
            figure.savefig(path, facecolor="white", metadata=metadata)
    return paths


def _draw_row(panel: "Axes", line: int, quantity: Quantity, runs: Sequence[Summary]) -> None:
    values = [value for run in runs if (value := quantity.read(run)) is not None]
    if not values:
        return
    mean, reach = mean_over_seeds(values)
    # Seeds lie a little above their mean, where the whisker does not hide them.
    panel.scatter(values, [line - 0.22] * len(values), s=11, color=_SEED, zorder=3, linewidths=0)
    panel.errorbar(
        mean, line, xerr=reach, fmt="o", markersize=5, color=_MEAN, capsize=2.5, linewidth=1.2
    )
