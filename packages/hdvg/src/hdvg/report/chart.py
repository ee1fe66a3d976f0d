"""Geometry of the report's charts: numbers to bars and ticks; the page's template draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Of the drawing in its own units; the page scales it to the column's width.
WIDTH, HEIGHT = 360.0, 180.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 40.0, 16.0, 10.0, 26.0
_MAX_BINS = 24
# What lies above this share of the values goes into the last bar: one stray would thin all others.
_TAIL = 0.995
SHARE = "0..1"  # the unit of such columns in the manifest


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar in the drawing's units, with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A label at a place on an axis."""

    at: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A histogram, laid out.

    Attributes:
        title: What is counted.
        about: A sentence for who cannot see it, with the median and the range.
        bars: One a bin that holds anything, left to right.
        x_ticks: Along the bottom.
        y_ticks: Along the left.
        unit: Of the values; may be "".
        meaning: What the values are; may be "".
    """

    title: str
    about: str
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    unit: str = ""
    meaning: str = ""


def draw_histogram(
    title: str, values: npt.ArrayLike, *, unit: str = "", meaning: str = ""
) -> Chart | None:
    """Lays out a histogram of the finite values; None where there are none."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    if not len(known):
        return None
    edges = choose_edges(known, share=unit == SHARE)
    counts, _ = np.histogram(np.clip(known, edges[0], edges[-1]), edges)
    whole = bool(np.all(edges == np.round(edges)))
    over = bool(known.max() > edges[-1])
    counts_axis = _nice_ticks(0.0, float(counts.max()), 4, whole=True)
    top = max(counts_axis[-1], float(counts.max()))
    bars = []
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        if count:
            left, right = _across(low, edges), _across(high, edges)
            y = _up(float(count), top)
            beyond = over and high == edges[-1]
            span = f"{low:g} or more" if beyond else f"{low:g} to {high:g}"
            bars.append(
                Bar(
                    x=round(left + 0.5, 2),
                    y=round(y, 2),
                    width=round(max(right - left - 1.0, 1.0), 2),
                    height=round(_up(0.0, top) - y, 2),
                    title=f"{span}{_spaced(unit)}: {count}",
                )
            )
    ticks = [
        at for at in _nice_ticks(edges[0], edges[-1], 6, whole=whole) if edges[0] <= at <= edges[-1]
    ]
    return Chart(
        title=title,
        about=_describe(title, known, unit),
        bars=tuple(bars),
        x_ticks=tuple(Tick(at=round(_across(at, edges), 2), label=f"{at:g}") for at in ticks),
        y_ticks=tuple(
            Tick(at=round(_up(at, top), 2), label=f"{at:,.0f}") for at in counts_axis if at <= top
        ),
        unit=unit,
        meaning=meaning,
    )


def choose_edges(
    values: npt.NDArray[np.float64], *, share: bool = False
) -> npt.NDArray[np.float64]:
    """Edges of at most 24 bins of a round width (1, 2 or 5 times a power of ten).

    Args:
        values: Finite, at least one.
        share: They lie in 0..1, which is then the axis of a single value.
    """
    if share and values.min() == values.max():
        return np.linspace(0.0, 1.0, 11)
    low, high = float(values.min()), float(np.quantile(values, _TAIL, method="higher"))
    whole = bool(np.all(values == np.round(values)))
    step = _nice_step((high - low) / (_MAX_BINS - 2)) if high > low else abs(low) / 10 or 1.0
    if whole:
        step = max(1.0, step)
    first = math.floor(low / step)
    # A single value takes the first of ten bars rather than the whole width.
    last = math.floor(high / step) + 1 if high > low else first + 10
    return np.array([number * step for number in range(first, last + 1)])


def _nice_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, ... (and 0.5, 0.2, ...) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(
        power * factor for factor in (1.0, 2.0, 5.0, 10.0) if power * factor >= least * (1 - 1e-9)
    )


def _nice_ticks(low: float, high: float, count: int, *, whole: bool = False) -> Sequence[float]:
    """About `count` round numbers from `low` to just above `high`."""
    step = _nice_step(max(high - low, 1e-12) / count)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _across(value: float, edges: npt.NDArray[np.float64]) -> float:
    part = (value - edges[0]) / (edges[-1] - edges[0])
    return float(_LEFT + part * (WIDTH - _LEFT - _RIGHT))


def _up(count: float, top: float) -> float:
    return HEIGHT - _BOTTOM - count / top * (HEIGHT - _TOP - _BOTTOM)


def _describe(title: str, known: npt.NDArray[np.float64], unit: str) -> str:
    low, median, high = (f"{value:.4g}" for value in np.quantile(known, [0, 0.5, 1]))
    return f"{title}: {len(known):,} values, median {median}{_spaced(unit)}, from {low} to {high}"


def _spaced(unit: str) -> str:
    return f" {unit}" if unit and ".." not in unit else ""  # a range is no unit
