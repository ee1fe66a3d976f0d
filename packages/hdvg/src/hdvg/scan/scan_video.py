"""The one decode pass over a video: its scenes, with central frames and scores.

Frames are looked at through strided views of their planes and forgotten; a few numbers of each are
kept, and some frames of the running scene by reference. So memory grows with the number of scenes,
whose keyframes are kept, and hardly with the length. Only a central frame that was let go of is
decoded again.

Times come from the frames' own timestamps: a variable frame rate moves nothing.
"""

from pathlib import Path

import cv2

from hdvg.failures import VideoFailure
from hdvg.probe import MediaFacts
from hdvg.scan.config import ScanConfig
from hdvg.scan.count_skipped import count_skipped
from hdvg.scan.read_frames import FrameReader
from hdvg.scan.result import ScanResult
from hdvg.scan.watch_frames import Place, SceneWatcher


def scan_video(
    path: Path, facts: MediaFacts, config: ScanConfig, place: Place | None = None
) -> ScanResult:
    """Decodes a video once and finds its scenes.

    Args:
        path: The video.
        facts: Its facts, for upright pictures and displayed sizes.
        config: What to look for.
        place: Chooses the frames of the scenes, instead of what was found; may choose overlapping
            ones. Not with `config.fast`, which does not see every frame.

    Raises:
        VideoFailure: A slideshow, no scene is long enough, or frames without sound timestamps.
    """
    cv2.setNumThreads(1)  # parallelism comes from processes
    reader = FrameReader(path, fast=config.fast)
    watcher: SceneWatcher | None = None
    for frame in reader:
        if watcher is None:
            watcher = SceneWatcher(path, facts, config, frame)
        watcher.watch(frame)
    if watcher is None:
        raise VideoFailure("no_frames", "no frame could be decoded")
    scenes, num_scenes, motion = watcher.finish()
    if motion < config.static_level:
        raise VideoFailure("static", f"mean change between frames is {motion:.3f}, a slideshow")
    if place is not None:
        scenes = watcher.make_parts(place)
        if not scenes:
            raise VideoFailure("no_scenes", "none of the parts that the list names can be placed")
    if not scenes:
        limit = f"{config.min_scene_s:g} s"
        raise VideoFailure("no_scenes", f"none of {num_scenes} scenes lasts {limit}")
    if config.fast:
        scenes = count_skipped(scenes, reader.packet_pts)
    return ScanResult(
        scenes=tuple(scenes),
        num_scenes=num_scenes,
        motion=motion,
        origin_s=watcher.origin_s,
        cuts_s=watcher.cuts_s,
    )
