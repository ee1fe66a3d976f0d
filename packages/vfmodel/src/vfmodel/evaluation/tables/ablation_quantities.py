"""What an ablation compares: a column each of its tables, a panel each of its plots.

Columns are those of the paper's ablation (parameters, memory, time, FVD, CLIPSIM), and how often
the prompt was obeyed: in all, in motion alone, and in direction alone where a prompt gives one.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from scipy.stats import t as student

from vfmodel.evaluation.tables.table_grid import Column

Summary = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """One column and where a run has it; `read` gives None where a run has none."""

    column: Column
    read: Callable[[Summary], float | None]
    measured: bool = True
    share: bool = False
    """Whether it lies in [0, 1], where an interval over few seeds may not."""
    figure: str = ""
    """Part of a figure's name, which stands above the column as a whole: shapes-FVD is not FVD."""

    def column_of(self, summaries: Sequence[Summary]) -> Column:
        """The column under the name that the figure has in these runs."""
        names = {
            figure["name"]: None
            for summary in summaries
            for figure in summary["result"]["figures"]
            if self.figure and self.figure in figure["name"]
        }
        return replace(self.column, title=", ".join(names)) if names else self.column


def mean_over_seeds(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean, and the half width of Student's 95 % interval; None for fewer than two values."""
    count = len(values)
    mean = statistics.fmean(values)
    if count < 2:
        return mean, None
    reach = float(student.ppf(0.975, count - 1)) * statistics.stdev(values) / count**0.5
    return mean, reach


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
        Quantity(
            column=Column(title=name, higher_is_better=name != "FVD"),
            read=_figure(name),
            figure=name,
        )
        for name in ("FVD", "CLIPSIM")
    ),
    *(
        Quantity(column=Column(title=title, higher_is_better=True), read=_share(name), share=True)
        for title, name in (
            ("obeyed", "everything"),
            ("motion", "motion"),
            ("direction", "direction"),
        )
    ),
)
_COSTS = tuple(
    Quantity(column=Column(title=title, higher_is_better=False), read=read, measured=False)
    for title, read in (
        ("parameters, M", _cost("parameters", 1e6)),
        ("GFLOP a clip", _cost("flops", 1e9)),
        ("memory, GB", _cost("memory_bytes", 1e9)),
        ("s a step", _cost("step_s")),
    )
)
_WATERMARK = Quantity(
    column=Column(title="watermarked", higher_is_better=False),
    read=_share("watermark", of_misses=True),
    share=True,
)
QUANTITIES = {"ablation": (*_COSTS, *_MEASURED), "dataset": (*_MEASURED, _WATERMARK)}
