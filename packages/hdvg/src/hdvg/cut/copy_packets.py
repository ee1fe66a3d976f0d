"""Clips by stream copy: the source's own packets, and an edit list that shows a scene of them."""

from collections.abc import Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from hdvg.cut.cut_clip import CutClip
from hdvg.cut.packet_table import CopyPlan, PacketTable, decoding_times
from hdvg.edit_list import show_only
from hdvg.media_file import open_media

# FFmpeg's own floor for the time scale of an MP4 track.
_MIN_TIME_SCALE = 10_000


def copy_packets(
    source: Path, table: PacketTable, plans: Sequence[CopyPlan], folder: Path
) -> list[CutClip]:
    """Writes a clip for each plan, as `<scene index>.mp4`, in one pass over the packets.

    Nothing is decoded, and the same source gives the same bytes. Memory: the packets of one scene
    and of the group of pictures before it.

    Args:
        source: The video that the table was read from.
        table: Its packets.
        plans: By their scenes' times.
        folder: Where the clips go.
    """
    clips: list[CutClip] = []
    waiting = list(plans)
    held: dict[int, av.Packet] = {}
    with open_media(source) as container:
        stream = container.streams.video[0]
        packets = (packet for packet in container.demux(stream) if packet.size)
        for index, packet in enumerate(packets):
            if not waiting:
                break
            if index >= min(plan.first for plan in waiting[:2]):
                held[index] = packet
            while waiting and index >= waiting[0].last:
                plan = waiting.pop(0)
                clips.append(_write(held, table, plan, stream, folder))
                oldest = min((plan.first for plan in waiting), default=index + 1)
                held = {i: kept for i, kept in held.items() if i >= oldest}
    return clips


def time_scale(time_base: Fraction) -> int:
    """Ticks a second for an MP4: every tick of the source is a whole number of them."""
    scale = time_base.denominator
    while scale < _MIN_TIME_SCALE:
        scale *= 2
    return scale


def _write(
    held: dict[int, "av.Packet"],
    table: PacketTable,
    plan: CopyPlan,
    template: "av.VideoStream",
    folder: Path,
) -> CutClip:
    path = folder / f"{plan.scene.index}.mp4"
    pts = table.pts[plan.packets] - plan.scene.start_pts
    dts = decoding_times(pts)
    length = plan.scene.end_pts - plan.scene.start_pts
    scale = time_scale(table.time_base)
    # The movie's clock is the track's: both ends of the edit are exact.
    options = {
        "movie_timescale": str(scale),
        "video_track_timescale": str(scale),
        "use_editlist": "1",
        "fflags": "+bitexact",
    }
    with ExitStack() as stack:
        container = stack.enter_context(av.open(str(path), "w", format="mp4", options=options))
        stream = container.add_stream_from_template(template, opaque=True)
        stream.time_base = table.time_base
        for index, shown_at, decoded_at, is_sync in zip(
            plan.packets, pts, dts, plan.sync, strict=True
        ):
            packet = held[int(index)]
            packet.stream, packet.time_base = stream, table.time_base
            packet.pts, packet.dts = int(shown_at), int(decoded_at)
            # Matters for the last packet alone: the track must not end before the scene does.
            packet.duration = max(1, length - int(decoded_at))
            # A false claim would go into the table of sync samples, and players would believe it.
            packet.is_keyframe = bool(is_sync)
            container.mux_one(packet)
    ticks = table.time_base * scale
    show_only(path, int(-dts[0] * ticks), int(length * ticks))
    return CutClip(
        scene=plan.scene,
        path=path,
        cut_mode="lossless",
        codec=table.codec,
        num_frames=plan.num_shown,
        lead_hidden_frames=int(np.count_nonzero(pts < 0)),
        width=template.codec_context.width,
        height=template.codec_context.height,
    )
