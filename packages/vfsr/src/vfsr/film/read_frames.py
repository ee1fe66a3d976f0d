"""The frames of a film as arrays, each with its timestamp."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from hdvg.deep_video import Levels, to_levels
from hdvg.errors import InputError
from hdvg.video import open_media
from vfsr.film.decode import decode
from vfsr.film.describe import Film, find_picture


@dataclass(frozen=True, eq=False)
class TimedFrame:
    """One frame, small or large.

    Attributes:
        levels: [H, W, 3 or 4], as `hdvg.deep_video` has them.
        pts: When it is shown, in units of the film's time base.
        duration: For how long, in the same units.
    """

    levels: Levels
    pts: int
    duration: int


@dataclass
class Damage:
    """What was amiss with a film that was read; numbers grow while it is."""

    packets: int = 0
    """Packets that did not decode; one for a file that breaks off."""
    timestamps: int = 0
    """Timestamps that did not come after the one before, and were moved there."""


def read_frames(path: Path, film: Film, skip: int, damage: Damage) -> Iterator[TimedFrame]:
    """Yields the frames in the order of their timestamps.

    Each is shown until the next, whatever the file says, since files with B-frames give durations
    in the order of decoding; only the last one's is the file's.

    Args:
        path: The film.
        film: Its description.
        skip: Frames at its beginning to decode only.
        damage: Is told what is amiss.

    Raises:
        InputError: A frame has another size than the first.
    """

    def on_damage() -> None:
        damage.packets += 1

    # Of a frame without a timestamp or a duration; at least one unit.
    usual = max(1, round(1 / (film.rate * film.time_base)))
    previous: int | None = None
    waiting: tuple[Levels, int] | None = None
    duration = usual
    with open_media(path) as container:
        stream = find_picture(container, path)
        for position, frame in enumerate(decode(container, stream, on_damage)):
            _check_size(path, film, frame, position)
            pts = _timestamp(frame, previous, usual)
            if previous is not None and pts <= previous:
                damage.timestamps += 1
                pts = previous + 1
            if waiting is not None:
                yield TimedFrame(*waiting, duration=pts - waiting[1])
            previous, duration = pts, frame.duration or usual
            waiting = (to_levels(frame), pts) if position >= skip else None
    if waiting is not None:
        yield TimedFrame(*waiting, duration=duration)


def _timestamp(frame: "av.VideoFrame", previous: int | None, usual: int) -> int:
    """As stored; AVI stores when to decode only, which its decoded frames keep."""
    for stored in (frame.pts, frame.dts):
        if stored is not None:
            return stored
    return 0 if previous is None else previous + usual


def _check_size(path: Path, film: Film, frame: "av.VideoFrame", position: int) -> None:
    if (frame.width, frame.height) != (film.width, film.height):
        raise InputError(
            f"frame {position} of {path} is {frame.width}x{frame.height}, "
            f"the film began with {film.width}x{film.height}"
        )
