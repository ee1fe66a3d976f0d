"""The packets of a video in decoding order, read undecoded, and which of them a clip needs."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from hdvg.cut.entry_points import CODECS, Entry, Framing, find_entry, shows_a_picture
from hdvg.media_file import open_media
from hdvg.scan.result import Scene

# MP4 and every decoder that reads clips can hold these; the rest is encoded as yuv420p.
_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})
# AVI says when a packet is decoded, not when its picture is shown. FFmpeg guesses.
_WITHOUT_TIMES = "avi"
# Elsewhere MPEG-4's pictures may share a packet ("packed bitstream").
_MPEG4_CONTAINER = "mov"
# FFmpeg 5.1 drops, at the end of a file, pictures that were decoded before the recovery point was
# shown. Behind this many packets (twice H.264's greatest reorder depth) none are left.
_RECOVERY_PACKETS = 32


@dataclass(frozen=True, kw_only=True)
class PacketTable:
    """One entry a packet, in decoding order.

    Attributes:
        codec: FFmpeg's name.
        time_base: Seconds a tick.
        pts: Presentation times in ticks.
        entry: Whether decoding can begin there, an `Entry`.
        is_hidden: Whether the source's own edit list hides the picture.
    """

    codec: str
    time_base: Fraction
    pts: npt.NDArray[np.int64]
    entry: npt.NDArray[np.int8]
    is_hidden: npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class CopyPlan:
    """The packets of a clip.

    Attributes:
        scene: What the clip shows.
        first: Index of the first packet.
        packets: Indices in decoding order, ascending.
        shown: Which of them are shown.
        sync: At which of them a reader of the clip may begin to decode.
    """

    scene: Scene
    first: int
    packets: npt.NDArray[np.int64]
    shown: npt.NDArray[np.bool_]
    sync: npt.NDArray[np.bool_]

    @property
    def last(self) -> int:
        """Index of the last packet."""
        return int(self.packets[-1])

    @property
    def num_shown(self) -> int:
        """How many pictures the clip shows."""
        return int(np.count_nonzero(self.shown))


def read_packet_table(path: Path) -> PacketTable | None:
    """Reads all packets of the first video stream.

    Returns:
        None where pictures cannot be told apart by their packets or copies would not play: an
        unknown codec or pixel format, pixels that are not square, packets without timestamps or
        without a picture, damage, settings that change on the way.
    """
    pts: list[int] = []
    entries: list[Entry] = []
    hidden: list[bool] = []
    with open_media(path) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        codec = context.codec.canonical_name
        if codec not in CODECS or context.pix_fmt not in _PIXEL_FORMATS:
            return None
        if (stream.sample_aspect_ratio or 1) != 1 or container.format.name == _WITHOUT_TIMES:
            return None
        if codec == "mpeg4" and _MPEG4_CONTAINER not in container.format.name:
            return None
        framing = Framing.of_stream(codec, context.extradata or b"")
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            if not _is_plain(packet, framing):
                return None
            assert packet.pts is not None
            pts.append(packet.pts)
            entries.append(_entry(packet, framing))
            hidden.append(packet.is_discard)
        assert stream.time_base is not None
        return PacketTable(
            codec=codec,
            time_base=stream.time_base,
            pts=np.asarray(pts, np.int64),
            entry=np.asarray(entries, np.int8),
            is_hidden=np.asarray(hidden, np.bool_),
        )


def _is_plain(packet: "av.Packet", framing: Framing) -> bool:
    return (
        packet.pts is not None
        and not packet.is_corrupt
        and not packet.has_sidedata("new_extradata")
        and shows_a_picture(memoryview(packet), framing)
    )


def _entry(packet: "av.Packet", framing: Framing) -> Entry:
    return find_entry(memoryview(packet), framing) if packet.is_keyframe else Entry.NONE


def plan_copy(table: PacketTable, scene: Scene) -> CopyPlan | None:
    """Which packets make a scene's pictures decodable, and no more.

    From the last entry point at or before the scene's start to the last packet, in decoding order,
    of a shown picture. Pictures behind the entry point that are shown before it refer to what lies
    before it (leading pictures of an open GOP) and are left out.

    Returns:
        None when there is no such entry point, two pictures claim one instant, or the source hides
        pictures in the middle of the scene.
    """
    if table.time_base != scene.time_base:
        return None
    inside = (table.pts >= scene.start_pts) & (table.pts < scene.end_pts)
    wanted = np.flatnonzero(inside)
    if not len(wanted) or table.is_hidden[inside].any():
        return None
    end = int(wanted[-1]) + 1
    index = np.arange(len(table.pts))
    settles = (table.entry == Entry.OPEN) & (index <= end - _RECOVERY_PACKETS)
    sync = (table.entry == Entry.CLEAN) | settles
    starts = np.flatnonzero(sync & (table.pts <= scene.start_pts) & (index <= wanted[0]))
    if not len(starts):
        return None
    first = int(starts[-1])
    packets = np.arange(first, end)
    packets = packets[table.pts[first:end] >= table.pts[first]]
    if len(np.unique(table.pts[packets])) < len(packets):
        return None
    return CopyPlan(
        scene=scene, first=first, packets=packets, shown=inside[packets], sync=sync[packets]
    )


def decoding_times(pts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Ascending decoding times, each at or before its picture's presentation, as late as possible.

    Args:
        pts: Distinct presentation times in decoding order, [N].
    """
    ascending = np.sort(pts)
    late: npt.NDArray[np.int64] = ascending - np.max(ascending - pts)
    return late
