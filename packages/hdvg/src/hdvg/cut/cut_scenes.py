"""Cuts scenes out of a video, exact to the frame, each in the cheapest way that its stream allows.

Whatever the way, a clip shows the frames whose timestamps lie in [start, end), on the source's own
clock moved to zero, and no others.
"""

from collections.abc import Sequence
from pathlib import Path

from hdvg.cut.copy_packets import copy_packets
from hdvg.cut.cut_clip import CutClip, CutConfig
from hdvg.cut.encode import encode
from hdvg.cut.encode_head import encode_head
from hdvg.cut.packet_table import CopyPlan, PacketTable, plan_copy, read_packet_table
from hdvg.probe import MediaFacts
from hdvg.scan.result import Scene

# A longer lead is not worth its bytes, nor the time to decode it at every reading. x264's default
# distance of keyframes is 250 frames, 10.4 s at 24 a second; the web's are mostly shorter.
_MAX_LEAD_S = 12.0


def cut_scenes(
    source: Path, scenes: Sequence[Scene], facts: MediaFacts, folder: Path, config: CutConfig
) -> list[CutClip]:
    """Writes a clip for each scene, as `<scene index>.mp4`.

    Args:
        source: The video.
        scenes: In order, without overlap.
        facts: The video's, for its displayed size and rotation.
        folder: Where the clips go.
        config: How to cut.

    Raises:
        VideoFailure: The source ends before its scenes do.
    """
    clips = [] if config.mode == "encode" else _copy(source, scenes, facts, folder, config)
    done = {clip.scene.index for clip in clips}
    rest = [scene for scene in scenes if scene.index not in done]
    if rest:
        clips += encode(source, rest, facts, folder, config)
    return sorted(clips, key=lambda clip: clip.scene.index)


def _copy(
    source: Path, scenes: Sequence[Scene], facts: MediaFacts, folder: Path, config: CutConfig
) -> list[CutClip]:
    """The clips that can be copied, whole or in part; a copied picture cannot be turned."""
    table = None if facts.rotation else read_packet_table(source)
    if table is None:
        return []
    # The scan decoded every picture: a packet without one, or with two, shows in the count.
    plans = [
        plan
        for scene in scenes
        if (plan := plan_copy(table, scene)) is not None and plan.num_shown == scene.num_frames
    ]
    if config.mode == "lossless":
        near = [plan for plan in plans if _lead_s(table, plan) <= _MAX_LEAD_S]
        return copy_packets(source, table, near, folder)
    whole = [plan for plan in plans if table.pts[plan.first] == plan.scene.start_pts]
    clips = copy_packets(source, table, whole, folder)
    for plan in plans:
        if plan not in whole:
            clip = encode_head(source, table, plan, folder, config)
            clips += [clip] if clip is not None else []
    return clips


def _lead_s(table: PacketTable, plan: CopyPlan) -> float:
    """How long the hidden part before a scene is, in seconds."""
    return float((plan.scene.start_pts - int(table.pts[plan.first])) * table.time_base)
