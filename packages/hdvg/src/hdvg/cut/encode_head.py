"""Smart cuts: what lies before a scene's first keyframe is encoded, the rest is copied.

The clip then begins with a keyframe and hides nothing. Both parts are H.264 and each brings its
own parameter sets: the encoded head's lie in the stream under a number that the source does not
use, so that the source's stay valid (sample entry `avc3` of ISO/IEC 14496-15). Every such clip is
looked at before it is believed: it is decoded up to the first copied picture, which has to be the
source's bit for bit, at its time, after exactly the frames of the head.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import numpy as np

from hdvg.cut.cut_clip import CutClip, CutConfig
from hdvg.cut.encode import copy_colours
from hdvg.cut.entry_points import Entry, Framing, parameter_set_numbers
from hdvg.cut.packet_table import CopyPlan, PacketTable, plan_copy
from hdvg.cut.write_mp4 import Sample, write_mp4
from hdvg.edit_list import rename_sample_entry
from hdvg.media_file import open_media
from hdvg.video import decode, frame_time_s

_LENGTH_BYTES = 4
_LIMITED_OR_UNSAID = (0, 1)  # AVCOL_RANGE_UNSPECIFIED, AVCOL_RANGE_MPEG
# H.264 numbers sequence parameter sets 0..31.
_NUMBERS = range(31, -1, -1)


def encode_head(
    source: Path, table: PacketTable, plan: CopyPlan, folder: Path, config: CutConfig
) -> CutClip | None:
    """Writes a clip of a scene that begins between keyframes, as `<scene index>.mp4`.

    Args:
        source: The video that the table was read from.
        table: Its packets.
        plan: How the scene would be copied with hidden frames.
        folder: Where the clip goes.
        config: How the head is encoded.

    Returns:
        None when it cannot be done for this stream, or the result is not exact.
    """
    tail = _plan_tail(table, plan)
    if tail is None:
        return None
    path = folder / f"{plan.scene.index}.mp4"
    with open_media(source) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        extradata = context.extradata or b""
        framing = Framing.of_stream(table.codec, extradata)
        if framing.length_bytes != _LENGTH_BYTES or context.pix_fmt != "yuv420p":
            return None
        free = next(n for n in _NUMBERS if n not in parameter_set_numbers(extradata))
        head = _Head(plan=plan, seam_pts=tail.scene.start_pts, number=free, config=config)
        packets = _read(container, stream, plan, tail, table, head)
        if head.seam is None or not head.is_plain or len(packets) < len(tail.packets):
            return None
        shift = plan.scene.start_pts
        pts = (table.pts[tail.packets] - shift).tolist()
        samples = head.samples() + [
            Sample(packet=packets[at + shift], pts=at, is_sync=is_sync)
            for at, is_sync in zip(pts, tail.sync.tolist(), strict=True)
        ]
        length = plan.scene.end_pts - shift
        write_mp4(path, stream, table.time_base, samples, length)
        rename_sample_entry(path, b"avc1", b"avc3")
        if not _is_exact(path, head, float((head.seam_pts - shift) * table.time_base)):
            path.unlink()
            return None
        return CutClip(
            scene=plan.scene,
            path=path,
            cut_mode="smart",
            codec=table.codec,
            num_frames=plan.num_shown,
            lead_hidden_frames=0,
            width=context.width,
            height=context.height,
        )


def _plan_tail(table: PacketTable, plan: CopyPlan) -> CopyPlan | None:
    """The copied part: from the scene's first clean entry point on."""
    scene = plan.scene
    clean = table.pts[table.entry == Entry.CLEAN]
    inside = clean[(clean > scene.start_pts) & (clean < scene.end_pts)]
    if table.codec != "h264" or not len(inside):
        return None
    return plan_copy(table, replace(scene, start_pts=int(inside.min())))


@dataclass(kw_only=True)
class _Head:
    """The encoded part: takes the source's decoded frames, gives samples."""

    plan: CopyPlan
    seam_pts: int
    number: int
    config: CutConfig
    seam: bytes | None = None
    """The first copied picture, decoded from the source."""
    is_plain: bool = True
    pts: list[int] = field(default_factory=list)
    packets: "list[av.Packet]" = field(default_factory=list)
    _encoder: "av.VideoCodecContext | None" = None

    def add(self, frame: "av.VideoFrame") -> None:
        """Takes the next frame in presentation order."""
        if frame.pts == self.seam_pts:
            self.seam = frame.to_ndarray().tobytes()
        if not self.plan.scene.start_pts <= frame.pts < self.seam_pts:
            return
        self.is_plain = self.is_plain and frame.color_range in _LIMITED_OR_UNSAID
        if self._encoder is None:
            self._encoder = self._open(frame)
        self.pts.append(frame.pts - self.plan.scene.start_pts)
        frame.pts = self.pts[-1]
        frame.pict_type = av.video.frame.PictureType.NONE
        self.packets += self._encoder.encode(frame)

    def samples(self) -> list[Sample]:
        """All coded pictures, in decoding order."""
        assert self._encoder is not None, "a scene has a frame before the seam"
        packets = [*self.packets, *self._encoder.encode(None)]
        return [
            Sample(
                packet=av.Packet(_with_lengths(bytes(packet))),
                pts=int(packet.pts),
                is_sync=packet.is_keyframe,
            )
            for packet in packets
        ]

    def _open(self, frame: "av.VideoFrame") -> "av.VideoCodecContext":
        encoder = av.CodecContext.create("libx264", "w")
        encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "yuv420p"
        encoder.time_base = self.plan.scene.time_base
        encoder.thread_count = 1
        encoder.options = {
            "crf": str(self.config.crf),
            "preset": self.config.preset,
            "x264-params": f"sps-id={self.number}:stitchable=1",
        }
        copy_colours(frame, encoder)
        return encoder


def _read(
    container: "av.container.InputContainer",
    stream: "av.VideoStream",
    plan: CopyPlan,
    tail: CopyPlan,
    table: PacketTable,
    head: _Head,
) -> "dict[int, av.Packet]":
    """Feeds the head from the entry point before the scene; returns the tail's packets by time."""
    wanted = set(table.pts[tail.packets].tolist())
    kept: dict[int, av.Packet] = {}
    stream.thread_count = 1
    container.seek(int(table.pts[plan.first]), stream=stream, backward=True)
    for packet in container.demux(stream):
        if packet.size and packet.pts in wanted:
            kept[packet.pts] = packet
        if head.seam is None:
            for frame in stream.codec_context.decode(packet if packet.size else None):
                head.add(frame)
        if len(kept) == len(wanted) and head.seam is not None:
            break
    return kept


def _is_exact(path: Path, head: _Head, seam_s: float) -> bool:
    """Whether the head's frames and then the source's picture come out of the file."""
    time_base = head.plan.scene.time_base
    want_s = [*(float(pts * time_base) for pts in head.pts), seam_s]
    times_s: list[float] = []
    seam = b""
    try:
        for frame in decode(path):
            times_s.append(frame_time_s(frame))
            if len(times_s) == len(want_s):
                seam = frame.to_ndarray().tobytes()
                break
    except av.FFmpegError:
        return False
    in_time = np.allclose(times_s, want_s, atol=float(time_base) / 2) if seam else False
    return in_time and seam == head.seam


def _with_lengths(annex_b: bytes) -> bytes:
    """NAL units behind their lengths instead of start codes."""
    units = [unit.rstrip(b"\0") for unit in annex_b.split(b"\0\0\1")]
    return b"".join(len(unit).to_bytes(_LENGTH_BYTES, "big") + unit for unit in units if unit)
