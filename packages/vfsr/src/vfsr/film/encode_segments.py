"""Encodes frames into a log, segment by segment, each by an encoder of its own.

An encoder's decisions depend on all that it has seen. With a fresh one for every segment, a segment
has the same bytes whether the run was interrupted before it or not, so that a resumed film is the
uninterrupted one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import av

from hdvg.deep_video import from_levels
from vfsr.film.encoding import Encoding, open_encoder
from vfsr.film.packet_log import LoggedPacket, PacketLog
from vfsr.film.read_frames import TimedFrame

SEGMENT_FRAMES = 96
"""4 s at 24 frames/s: what a kill costs at most, and a keyframe's distance; chosen here, as a
compromise between both and the size of the file, which keyframes enlarge."""


@dataclass(frozen=True, eq=False)
class LargeFrame:
    """An upscaled frame on its way to the encoder.

    Attributes:
        frame: The frame.
        memory: What must be known, besides the log, to go on behind it.
    """

    frame: TimedFrame
    memory: Callable[[], bytes]


def encode_segments(frames: Iterator[LargeFrame], encoding: Encoding, log: PacketLog) -> None:
    """Appends all frames to the log, whose last segment is finished even if it is short."""
    for first in frames:
        segment = chain([first], islice(frames, SEGMENT_FRAMES - 1))
        _encode(segment, encoding, log)


def _encode(frames: Iterator[LargeFrame], encoding: Encoding, log: PacketLog) -> None:
    encoder = open_encoder(encoding)
    durations: dict[int, int] = {}
    count = 0
    memory: Callable[[], bytes] = bytes

    def keep(packets: "list[av.Packet]") -> None:
        for packet in packets:
            assert packet.pts is not None
            duration = durations.pop(packet.pts)
            log.append(LoggedPacket(packet.pts, duration, packet.is_keyframe, bytes(packet)))

    for large in frames:
        frame, memory = large.frame, large.memory
        durations[frame.pts] = frame.duration
        picture = from_levels(frame.levels, encoding.pixels, encoding.film.matrix)
        picture.pts, picture.time_base = frame.pts, encoding.film.time_base
        keep(encoder.encode(picture))
        count += 1
    keep(encoder.encode(None))
    assert not durations, "the encoder lost a frame"
    log.end_segment(count, memory())
