"""Decodes only what the wanted frames need, for codecs where that is known to be exact.

A packet table (read without decoding) says which frame is on screen at each time. Decoding starts
at the last keyframe before the first wanted frame, leaves out frames that nobody refers to and
nobody wants (H.264 and HEVC), and ends with the last wanted one. The pictures are the same bytes.
Frames that an edit list hides are decoded where others need them and never shown. Measured: windows
of 8 frames at 8 fps out of 720p H.264 at 25 fps took 28 % less CPU time than decoding everything up
to the last wanted frame for a clip as x264 writes it (190 -> 137 ms), 8 % less for a film excerpt
with few frames to leave out (154 -> 141 ms).
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TypeVar

import av

Picture = TypeVar("Picture")

# Codecs whose keyframes need nothing that came before.
_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
# Of these, decoders that hand out each frame before they take the next packet with one thread, so
# that what is set for a packet holds for that packet alone.
_SPARING = frozenset({"h264", "hevc"})
# Packets of a whole file are held at once; a clip is far below this, a film is decoded in passing.
_MAX_HELD_BYTES = 256 * 2**20
# Timestamps are rationals rounded to floats.
TIME_SLACK_S = 5e-7


def pick_frames(
    container: "av.container.InputContainer",
    times_s: Sequence[float],
    convert: Callable[["av.VideoFrame"], Picture],
) -> list[Picture] | None:
    """Decodes the frames on screen at some times, and as few others as possible.

    Args:
        container: Just opened; it is read to its end.
        times_s: Times in seconds from the first frame.
        convert: What to keep of a decoded frame; called once for each wanted frame.

    Returns:
        One picture per time, or None when this file has to be decoded in passing: another codec,
        packets without timestamps, a start that cannot be decoded, a wanted frame that is damaged.
    """
    stream = container.streams.video[0]
    stream.thread_count = 1
    packets = _load_packets(container, stream)
    if not packets or not times_s:
        return None
    wanted = _on_screen(sorted(_pts(p) for p in packets if not p.is_discard), stream, times_s)
    pictures = _decode(packets, stream.codec_context, set(wanted), convert)
    if any(pts not in pictures for pts in wanted):
        return None
    return [pictures[pts] for pts in wanted]


def pick_in_passing(
    container: "av.container.InputContainer",
    times_s: Sequence[float],
    convert: Callable[["av.VideoFrame"], Picture],
) -> list[Picture]:
    """Decodes every frame up to the last wanted one; works for any file that decodes at all.

    Args:
        container: Just opened.
        times_s: Ascending times in seconds from the first frame.
        convert: As in `pick_frames`.

    Returns:
        One picture per time; none when nothing could be decoded.
    """
    stream = container.streams.video[0]
    stream.thread_count = 1
    picked: list[Picture] = []
    shown: av.VideoFrame | None = None
    start_s = 0.0
    for frame in container.decode(stream):
        if frame.time is None:
            return []
        if shown is None:
            start_s = frame.time
        else:
            waited_s = frame.time - start_s - TIME_SLACK_S
            while len(picked) < len(times_s) and times_s[len(picked)] < waited_s:
                picked.append(convert(shown))
        shown = frame
        if len(picked) == len(times_s):
            break
    if shown is not None:
        picked += [convert(shown) for _ in range(len(times_s) - len(picked))]
    return picked


def _load_packets(
    container: "av.container.InputContainer", stream: "av.VideoStream"
) -> list["av.Packet"] | None:
    """All packets in decoding order; None when frames cannot be told apart by them."""
    if stream.codec_context.codec.canonical_name not in _CODECS:
        return None
    packets: list[av.Packet] = []
    held = 0
    for packet in container.demux(stream):
        if packet.size == 0:
            continue
        held += packet.size
        if packet.pts is None or packet.is_corrupt or held > _MAX_HELD_BYTES:
            return None
        packets.append(packet)
    shown = [_pts(p) for p in packets if not p.is_discard]
    # Pictures before the first keyframe cannot be decoded, so time would start elsewhere.
    if not shown or not packets[0].is_keyframe or _pts(packets[0]) > min(shown):
        return None
    return packets


def _on_screen(pts: list[int], stream: "av.VideoStream", times_s: Sequence[float]) -> list[int]:
    """The timestamp of the frame on screen at each time; `pts` ascending."""
    assert stream.time_base is not None
    starts_s = [float((p - pts[0]) * stream.time_base) for p in pts]
    return [pts[max(0, bisect_right(starts_s, t + TIME_SLACK_S) - 1)] for t in times_s]


def _decode(
    packets: list["av.Packet"],
    decoder: "av.VideoCodecContext",
    wanted: set[int],
    convert: Callable[["av.VideoFrame"], Picture],
) -> dict[int, Picture]:
    first, last = min(wanted), max(wanted)
    start = max(i for i, p in enumerate(packets) if i == 0 or (p.is_keyframe and _pts(p) <= first))
    end = 1 + max(i for i, p in enumerate(packets) if _pts(p) in wanted)
    pictures: dict[int, Picture] = {}
    spares = decoder.name in _SPARING
    # None flushes: frames held back for reordering come out without reading further.
    for packet in [*packets[start:end], None]:
        if packet is not None and spares:
            decoder.skip_frame = "DEFAULT" if packet.pts in wanted else "NONREF"
        try:
            frames = decoder.decode(packet)
        except av.FFmpegError:
            return {}
        for frame in frames:
            if frame.pts in wanted and not frame.is_corrupt:
                pictures[frame.pts] = convert(frame)
        if last in pictures:
            break
    return pictures


def _pts(packet: "av.Packet") -> int:
    assert packet.pts is not None
    return packet.pts
