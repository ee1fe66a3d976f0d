"""How tall the strips are that a frame is upscaled in: all of it, unless memory or a user asks."""

from pathlib import Path
from typing import NamedTuple

import torch

from vfsr.rcan import RCANConfig

# Maps of `channels` features that live at once before the tail: the long skip, the group's input,
# a block's input and output, a padded copy and the first convolution's result, and one to spare.
_BODY_MAPS = 7
# Three of them are whole frames however thin the strips are.
_WHOLE_MAPS = 3
# Of the tail on strips of so many pixels of the result, maps take 0.2 GB. From a quarter to twice
# of that made no difference of time on a CPU.
_TAIL_PIXELS = 2**19
# Half of what is free, as codecs and other processes take from the same.
_SHARE = 0.5
_FALLBACK_BYTES = 2 * 2**30
_LEAST_ROWS = 8


class StripSize(NamedTuple):
    """Rows of the small frame in a strip, before the tail and in it."""

    rows: int
    tail_rows: int


def choose_strips(
    config: RCANConfig,
    size: tuple[int, int],
    *,
    itemsize: int,
    free_bytes: int,
    tile: int | None = None,
) -> StripSize:
    """The largest strips that memory allows.

    Args:
        config: Of the network.
        size: Height and width of the small frame in pixels.
        itemsize: Bytes of a feature.
        free_bytes: Memory that can be had on the network's device.
        tile: A strip is to have at most tile x tile pixels of the small frame, yet at least a row;
            None decides by memory.
    """
    height, width = size
    tail = max(1, _TAIL_PIXELS // (config.scale**2 * width))
    if tile is not None:
        rows = max(1, tile * tile // width)
        return StripSize(min(rows, height), min(rows, tail, height))
    row_bytes = width * config.channels * itemsize
    budget = free_bytes * _SHARE
    if _BODY_MAPS * row_bytes * height <= budget:
        return StripSize(height, min(tail, height))
    left = budget - _WHOLE_MAPS * row_bytes * height
    rows = max(_LEAST_ROWS, int(left / (_BODY_MAPS * row_bytes)))
    return StripSize(min(rows, height), min(rows, tail, height))


def free_bytes(device: torch.device) -> int:
    """What a device, or the machine for a CPU, can still give; 2 GiB where it does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return _FALLBACK_BYTES
    kib = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(kib[0]) * 1024 if kib else _FALLBACK_BYTES
