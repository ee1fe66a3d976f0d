"""Brings frames to the size that a network sees, by steps that a protocol spells out.

    crop 4:3                             the largest central part of that aspect ratio
    crop 240x320                         the central part of that height and width
    shorter 270 bilinear antialias       scales the shorter side to that length
    resize 224x224 bilinear antialias    scales to that height and width, whatever the aspect

Filters are torch's: nearest, area, bilinear and bicubic, the last two also with `antialias`. Which
one it is moves a distance between videos by as much as models differ; papers seldom say it.
"""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from hdvg.errors import InputError

Frames = UInt8[Tensor, "T 3 H W"]
_STEP = re.compile(
    r"crop (?P<aspect>[1-9]\d*:[1-9]\d*)"
    r"|crop (?P<crop>[1-9]\d*x[1-9]\d*)"
    r"|shorter (?P<shorter>[1-9]\d*) (?P<by>\S+(?: antialias)?)"
    r"|resize (?P<resize>[1-9]\d*x[1-9]\d*) (?P<filter>\S+(?: antialias)?)"
)
_FILTERS = ("nearest", "bilinear", "bicubic", "area", "bilinear antialias", "bicubic antialias")


def check_steps(steps: Sequence[str]) -> None:
    """Reads every step.

    Raises:
        InputError: One that is none of those above.
    """
    for step in steps:
        _read(step)


def fit_frames(frames: Frames, steps: Sequence[str]) -> UInt8[Tensor, "T 3 Ho Wo"]:
    """Applies steps in order; after each the pixels are whole numbers again.

    Raises:
        InputError: A step cuts out more than there is.
    """
    for step in steps:
        frames = _read(step)(frames)
    return frames


def end_at(steps: Sequence[str], height: int, width: int) -> tuple[str, ...]:
    """The steps with another size at the end, in pixels; the last one's filter stays.

    One that does not end with `resize` gets one more, bilinear and antialiased.
    """
    *first, last = steps
    words = last.split(" ", 2)
    if words[0] != "resize":
        return (*steps, f"resize {height}x{width} bilinear antialias")
    return (*first, f"resize {height}x{width} {words[2]}")


@lru_cache(maxsize=64)
def _read(step: str) -> Callable[[Tensor], Tensor]:
    match = _STEP.fullmatch(step)
    if match is None:
        raise InputError(f"no such step of frames: {step!r}; one is 'resize 224x224 bilinear'")
    found = match.groupdict()
    for name in (found["by"], found["filter"]):
        if name is not None and name not in _FILTERS:
            raise InputError(f"no such filter: {name!r}; there are {', '.join(_FILTERS)}")
    if found["aspect"] is not None:
        across, down = map(int, found["aspect"].split(":"))
        return lambda frames: _crop_aspect(frames, Fraction(across, down))
    if found["crop"] is not None:
        height, width = map(int, found["crop"].split("x"))
        return lambda frames: _crop(frames, height, width)
    if found["shorter"] is not None:
        length = int(found["shorter"])
        return lambda frames: _shorten(frames, length, found["by"])
    rows, columns = map(int, found["resize"].split("x"))
    return lambda frames: _resize(frames, rows, columns, found["filter"])


def _crop_aspect(frames: Tensor, aspect: Fraction) -> Tensor:
    height, width = frames.shape[-2:]
    if width > height * aspect:
        return _crop(frames, height, round(height * aspect))
    return _crop(frames, round(width / aspect), width)


def _crop(frames: Tensor, height: int, width: int) -> Tensor:
    rows, columns = frames.shape[-2:]
    if height > rows or width > columns:
        raise InputError(f"cannot crop {height}x{width} from frames of {rows}x{columns}")
    top, left = (rows - height) // 2, (columns - width) // 2
    return frames[..., top : top + height, left : left + width]


def _shorten(frames: Tensor, length: int, by: str) -> Tensor:
    height, width = frames.shape[-2:]
    scale = Fraction(length, min(height, width))
    return _resize(frames, round(height * scale), round(width * scale), by)


def _resize(frames: Tensor, height: int, width: int, by: str) -> Tensor:
    if frames.shape[-2:] == (height, width):
        return frames
    mode, _, smooth = by.partition(" ")
    options = {"align_corners": False, "antialias": bool(smooth)} if mode[:2] == "bi" else {}
    scaled = interpolate(frames.float(), (height, width), mode=mode, **options)
    return scaled.round().clamp(0, 255).to(torch.uint8)
