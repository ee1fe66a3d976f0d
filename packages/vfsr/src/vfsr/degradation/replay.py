"""Draws that are kept: as rows of plain numbers for a log, or held still over a clip.

Shape letters used in this file: N images, T frames of a clip.
"""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import torch

from hdvg.errors import InputError
from vfsr.degradation.params import BlurParams, DegradationParams, StageParams

Row = dict[str, Any]
"""The draws of one image; nested by stage, numbers only, as JSON has them."""

_NESTED = {
    "first": StageParams,
    "second": StageParams,
    "blur": BlurParams,
    "final_blur": BlurParams,
}
# An odd constant near 2^62 / golden ratio: multiples of it never meet within a clip.
_SEED_STRIDE = 2850178915768049877
_SEEDS = 2**63 - 1

Draws = TypeVar("Draws", BlurParams, StageParams, DegradationParams)


def to_rows(params: DegradationParams) -> list[Row]:
    """One row an image; `json.dumps` takes it, and every number comes back exactly."""
    return [_row(params, i) for i in range(len(params))]


def from_rows(rows: list[Row]) -> DegradationParams:
    """The draws that `to_rows` wrote.

    Raises:
        InputError: There are no rows, a number is missing, or scales differ.
    """
    if not rows:
        raise InputError("a log of degradations needs at least one row, got none")
    try:
        return _from_rows(DegradationParams, rows)
    except KeyError as error:
        raise InputError(f"a row of the log of degradations lacks {error}") from error


def hold_over_clip(params: DegradationParams, frames: int) -> DegradationParams:
    """Every image's draws repeated for the frames of a clip, in the order of N clips of T frames.

    Kernels, sizes, levels and qualities stay as they are; the noise itself differs from frame to
    frame, as a sensor's does.
    """
    if frames < 1:
        raise InputError(f"a clip needs at least 1 frame, got {frames}")
    held = params.take(torch.arange(len(params)).repeat_interleave(frames))
    steps = [t * _SEED_STRIDE for t in range(frames)] * len(params)
    for stage in (held.first, held.second):
        # In Python's integers, which do not overflow; the tensor is this function's own copy.
        seeds = [
            (s + step) % _SEEDS for s, step in zip(stage.noise_seed.tolist(), steps, strict=True)
        ]
        stage.noise_seed.copy_(torch.tensor(seeds, dtype=torch.int64))
    return held


def _row(draws: Any, i: int) -> Row:  # noqa: ANN401
    row: Row = {}
    for knob in fields(draws):
        value = getattr(draws, knob.name)
        if is_dataclass(value):
            row[knob.name] = _row(value, i)
        else:
            row[knob.name] = value if isinstance(value, int) else value[i].item()
    return row


def _from_rows(kind: type[Draws], rows: list[Row]) -> Draws:
    values: dict[str, Any] = {}
    for knob in fields(kind):
        column = [row[knob.name] for row in rows]
        if knob.name in _NESTED:
            values[knob.name] = _from_rows(_NESTED[knob.name], column)
        elif knob.name == "scale":
            if len(set(column)) != 1:
                raise InputError(f"degradations of one batch have one scale, got {set(column)}")
            values[knob.name] = column[0]
        else:
            dtype = torch.float64 if isinstance(column[0], float) else None
            values[knob.name] = torch.tensor(column, dtype=dtype)
    return kind(**values)
