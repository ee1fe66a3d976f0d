"""Clips by stream copy: the source's own packets, and an edit list that shows a scene of them."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

from hdvg.cut.cut_clip import CutClip
from hdvg.cut.packet_table import CopyPlan, PacketTable
from hdvg.cut.write_mp4 import Sample, write_mp4
from hdvg.media_file import open_media


def copy_packets(
    source: Path, table: PacketTable, plans: Sequence[CopyPlan], folder: Path
) -> list[CutClip]:
    """Writes a clip for each plan, as `<scene index>.mp4`, in one pass over the packets.

    Nothing is decoded, and the same source gives the same bytes. Memory: the packets of one scene
    and of the group of pictures before it.

    Args:
        source: The video that the table was read from.
        table: Its packets.
        plans: By their scenes' ends; scenes may overlap.
        folder: Where the clips go.
    """
    clips: list[CutClip] = []
    waiting = list(plans)
    held: dict[int, av.Packet] = {}
    oldest = min((plan.first for plan in waiting), default=0)
    with open_media(source) as container:
        stream = container.streams.video[0]
        packets = (packet for packet in container.demux(stream) if packet.size)
        for index, packet in enumerate(packets):
            if not waiting:
                break
            if index >= oldest:
                held[index] = packet
            while waiting and index >= waiting[0].last:
                clips.append(_write(held, table, waiting.pop(0), stream, folder))
                oldest = min((plan.first for plan in waiting), default=index + 1)
                held = {i: kept for i, kept in held.items() if i >= oldest}
    return clips


def _write(
    held: dict[int, "av.Packet"],
    table: PacketTable,
    plan: CopyPlan,
    template: "av.VideoStream",
    folder: Path,
) -> CutClip:
    path = folder / f"{plan.scene.index}.mp4"
    pts = table.pts[plan.packets] - plan.scene.start_pts
    samples = [
        Sample(packet=held[index], pts=shown_at, is_sync=is_sync)
        for index, shown_at, is_sync in zip(
            plan.packets.tolist(), pts.tolist(), plan.sync.tolist(), strict=True
        )
    ]
    write_mp4(path, template, table.time_base, samples, plan.scene.end_pts - plan.scene.start_pts)
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
