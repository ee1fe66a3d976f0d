"""Which frame of a clip is on screen at a time, by its packets and without decoding.

PyAV reads the packets for every backend, so that all of them mean the same frame: other decoders
round times to 32 bits (decord), or take them from a nominal rate.
"""

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import av

from hdvg.errors import InputError
from hdvg.media_file import open_media
from hdvg.pick_frames import TIME_SLACK_S


@dataclass(frozen=True, kw_only=True)
class ShownFrames:
    """Frames of a clip.

    Attributes:
        numbers: For each time the frame on screen, counted from 0 among the shown ones.
        num_hidden: Frames before the first shown one, hidden by the edit list.
        seeks_exactly: Whether a decoder that seeks to a keyframe and counts frames from there
            arrives at the right one. Not so where pictures are shown before the keyframe that they
            are stored behind.
    """

    numbers: tuple[int, ...]
    num_hidden: int
    seeks_exactly: bool


def find_shown_frames(clip: bytes, times_s: Sequence[float]) -> ShownFrames:
    """Looks times up, in seconds from the first shown frame; past the end is the last frame.

    Raises:
        InputError: Not a video, or one without timestamps.
    """
    with open_media(io.BytesIO(clip)) as container:
        stream = container.streams.video[0]
        # Asked now: a stream's fields are gone with its container.
        time_base = stream.time_base
        packets = [packet for packet in container.demux(stream) if packet.size]
    shown = sorted(_pts(packet) for packet in packets if not packet.is_discard)
    if not shown or time_base is None:
        raise InputError("no frame carries a timestamp")
    starts_s = [float((pts - shown[0]) * time_base) for pts in shown]
    numbers = (bisect_right(starts_s, time_s + TIME_SLACK_S) - 1 for time_s in times_s)
    return ShownFrames(
        numbers=tuple(max(0, number) for number in numbers),
        num_hidden=sum(_pts(packet) < shown[0] for packet in packets),
        seeks_exactly=not any(
            keyframe.is_keyframe and _pts(after) < _pts(keyframe)
            for keyframe, after in pairwise(packets)
        ),
    )


def _pts(packet: "av.Packet") -> int:
    if packet.pts is None:
        raise InputError("a frame carries no timestamp")
    return packet.pts
