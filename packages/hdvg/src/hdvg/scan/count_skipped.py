"""Brings scenes that were found among some of a video's frames onto all of them."""

from array import array
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hdvg.scan.result import Scene


def count_skipped(scenes: Iterable[Scene], packet_pts: "array[int]") -> list[Scene]:
    """Gives scenes the frames that were skipped between those that were seen.

    Args:
        scenes: In order; each ends at or just after its last frame that was seen, so that what was
            skipped beside a boundary, and may show either side, belongs to neither scene.
        packet_pts: Timestamps of all frames of the video, in any order.
    """
    pts = np.unique(np.asarray(packet_pts, np.int64))
    step = int(np.median(np.diff(pts))) if len(pts) > 1 else 1
    ends = np.append(pts, pts[-1] + step)
    counted = []
    for scene in scenes:
        first = int(np.searchsorted(pts, scene.start_pts))
        at_edge = scene.boundary_end == "video_edge"
        last = len(pts) if at_edge else int(np.searchsorted(pts, scene.end_pts))
        counted.append(replace(scene, end_pts=int(ends[last]), num_frames=last - first))
    return counted
