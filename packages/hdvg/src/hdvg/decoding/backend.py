"""The decoders that clips can be read with, by name."""

import importlib
import io
from collections.abc import Iterable, Sequence

import numpy as np

from hdvg.decoding.shown_frames import find_shown_frames
from hdvg.errors import InputError
from hdvg.video import Box, UInt8Video, fit_rgb, frames_at

# Decided by benchmarks/clip_reading.py.
FASTEST = "pyav"
BACKENDS = ("pyav", "decord", "torchcodec")
_CANNOT_READ = {"decord": frozenset({"av1"})}


def choose_backend(name: str, codecs: Iterable[str]) -> str:
    """Settles which decoder reads a dataset.

    Args:
        name: One of `BACKENDS`, or "auto" for the fastest that is exact.
        codecs: Of the clips, by FFmpeg's names.

    Raises:
        InputError: An unknown name, a decoder that is not installed or does not load, or one that
            cannot read some of the codecs.
    """
    if name == "auto":
        return FASTEST
    if name not in BACKENDS:
        raise InputError(f"backend must be auto or one of {', '.join(BACKENDS)}, got {name!r}")
    if name != "pyav":
        try:
            importlib.import_module(f"hdvg.decoding.by_{name}")
        except (ImportError, OSError, RuntimeError) as error:
            raise InputError(
                f"backend {name!r} is not there: pip install {name}"
                f" ({(str(error).splitlines() or [''])[0]})"
            ) from error
    unreadable = sorted(set(codecs) & _CANNOT_READ.get(name, frozenset()))
    if unreadable:
        raise InputError(f"backend {name!r} cannot read {', '.join(unreadable)}, which clips have")
    return name


def read_frames(
    backend: str,
    clip: bytes,
    times_s: Sequence[float],
    width: int,
    height: int,
    box: Box | None = None,
) -> UInt8Video:
    """Reads the frames that are on screen at some times, scaled to cover width x height.

    Every backend gives the same frames. Their pixels differ a little, since decord and torchcodec
    convert colours themselves and scale afterwards.

    Args:
        backend: As `choose_backend` settled it.
        clip: An MP4.
        times_s: Ascending times in seconds from the first shown frame.
        width: Target width in pixels.
        height: Target height in pixels.
        box: The part of the frames to look at; None for all of it.

    Returns:
        RGB uint8 [len(times_s), 3, height, width].

    Raises:
        InputError: Nothing could be decoded.
    """
    if backend == "pyav":
        return frames_at(io.BytesIO(clip), times_s, width, height, box=box)
    shown = find_shown_frames(clip, times_s)
    numbers = sorted(set(shown.numbers))
    decode_numbers = importlib.import_module(f"hdvg.decoding.by_{backend}").decode_numbers
    pictures = decode_numbers(clip, shown, numbers)
    fitted = {
        number: fit_rgb(picture, width, height, box=box)
        for number, picture in zip(numbers, pictures, strict=True)
    }
    return np.stack([fitted[number] for number in shown.numbers])
