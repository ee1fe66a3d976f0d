"""Finds the scenes of a video, on the clock of its own timestamps.

PySceneDetect judges frames by number; times come from the frames' own timestamps, so that a
variable frame rate moves nothing. Frames are decoded here, with the limits of `hdvg.video`, and
not by PySceneDetect, which would open an untrusted file as any format FFmpeg knows.

Hard cuts and fades through black are found. Dissolves from picture to picture are not, and a clip
next to a fade keeps the fade's dark frames; its row says `boundary_*` = "fade".
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ThresholdDetector

from hdvg.failures import VideoFailure
from hdvg.keyframes import encode_keyframe
from hdvg.probe import MediaFacts
from hdvg.scan.config import ScanConfig
from hdvg.scan.result import ScanResult, Scene, SceneScores
from hdvg.video import decode

# Detection works on small frames; PySceneDetect's own default brings 720p to 256 wide.
_SCAN_WIDTH = 256
# A step into or out of black may also look like a hard cut; the fade's middle stands for both.
_FADE_REACH_FRAMES = 2
# Chosen here: twice what H.264 at crf 23 does to the channels of a grey area.
_GREY_CHROMA = 12
# Detectors count frames; this rate only gives their timecodes a scale, no time is read from it.
_COUNTING_RATE = 25.0


def scan_video(path: Path, facts: MediaFacts, config: ScanConfig) -> ScanResult:
    """Decodes a video once and finds its scenes.

    Raises:
        VideoFailure: A slideshow, or no scene is long enough.
        InputError: A frame carries no timestamp.
    """
    track = _watch(path, config)
    boundaries = {0: "video_edge"} | track.cuts | {len(track.pts) - 1: "video_edge"}
    if track.motion < config.static_level:
        raise VideoFailure(
            "static", f"mean change between frames is {track.motion:.3f}, a slideshow"
        )
    pieces: list[Scene] = []
    for first, last in pairwise(sorted(boundaries)):
        pieces += _split(track, first, last, boundaries, config.max_scene_s)
    numbered = [replace(piece, index=index) for index, piece in enumerate(pieces)]
    kept = tuple(
        scene for scene in numbered if scene.end_s - scene.start_s >= config.min_scene_s - 1e-6
    )
    if not kept:
        raise VideoFailure(
            "no_scenes", f"none of {len(numbered)} scenes lasts {config.min_scene_s:g} s"
        )
    return ScanResult(
        scenes=tuple(_with_keyframes(path, kept, facts)),
        num_scenes=len(numbered),
        motion=track.motion,
        origin_s=float(track.pts[0] * track.time_base),
    )


@dataclass(frozen=True, kw_only=True)
class _Track:
    """A whole video in numbers: `pts` has one entry a frame and one for the end of the last."""

    pts: npt.NDArray[np.int64]
    time_base: Fraction
    cuts: dict[int, str]
    motion: float


def _watch(path: Path, config: ScanConfig) -> _Track:
    cv2.setNumThreads(1)  # PySceneDetect computes with it; parallelism comes from processes
    adaptive = AdaptiveDetector(
        adaptive_threshold=config.threshold, min_content_val=config.min_change, min_scene_len=1
    )
    fade = ThresholdDetector(threshold=config.black_level, min_scene_len=1)
    pts: list[int] = []
    hard: set[int] = set()
    fades: set[int] = set()
    changes: list[float] = []
    previous: npt.NDArray[np.int16] | None = None
    time_base, duration = Fraction(1), 0
    for index, frame in enumerate(decode(path)):
        if frame.pts is None or frame.time_base is None:
            raise VideoFailure("decode_failed", f"frame {index} carries no timestamp")
        if pts and frame.pts <= pts[-1]:
            raise VideoFailure("decode_failed", f"time runs backwards at frame {index}")
        pts.append(frame.pts)
        time_base, duration = frame.time_base, frame.duration
        height = max(2, round(frame.height * _SCAN_WIDTH / frame.width))
        small = frame.reformat(
            _SCAN_WIDTH, height, format="bgr24", interpolation=Interpolation.FAST_BILINEAR
        ).to_ndarray()
        _neutralise_greys(small)
        now = FrameTimecode(index, fps=_COUNTING_RATE)
        hard |= {code.frame_num for code in adaptive.process_frame(now, small)}
        fades |= {code.frame_num for code in fade.process_frame(now, small)}
        green = small[:, :, 1].astype(np.int16)  # of the three, nearest to luma
        if previous is not None:
            changes.append(float(np.abs(green - previous).mean()))
        previous = green
    if not pts:
        raise VideoFailure("no_frames", "no frame could be decoded")
    last_s = duration or (pts[-1] - pts[-2] if len(pts) > 1 else 1)
    cuts = _merge(hard, fades)
    quiet = [change for index, change in enumerate(changes, start=1) if index not in cuts]
    return _Track(
        pts=np.asarray([*pts, pts[-1] + last_s], np.int64),
        time_base=time_base,
        cuts=cuts,
        motion=float(np.mean(quiet)) if quiet else 0.0,
    )


def _neutralise_greys(image: npt.NDArray[np.uint8]) -> None:
    """Makes nearly grey pixels of [H, W, 3] exactly grey, in place.

    Their hue is coding noise, which jumps at every keyframe of the file and would look like a cut.
    """
    chroma = image.max(axis=2) - image.min(axis=2)
    grey = chroma < _GREY_CHROMA
    image[grey] = image[grey].max(axis=1, keepdims=True)


def _merge(hard: set[int], fades: set[int]) -> dict[int, str]:
    """Frame number of each boundary inside the video, and its kind."""
    apart = {
        index for index in hard if all(abs(index - fade) > _FADE_REACH_FRAMES for fade in fades)
    }
    merged = dict.fromkeys(apart, "cut") | dict.fromkeys(fades, "fade")
    return {index: kind for index, kind in merged.items() if index > 0}


def _split(
    track: _Track, first: int, last: int, boundaries: dict[int, str], max_scene_s: float
) -> list[Scene]:
    """The pieces of the scene that starts at frame `first` and ends before frame `last`."""
    length_s = float((track.pts[last] - track.pts[first]) * track.time_base)
    count = max(1, math.ceil(length_s / max_scene_s - 1e-9))
    wanted = np.linspace(track.pts[first], track.pts[last], count + 1)[1:-1]
    inner = [int(i) for i in np.searchsorted(track.pts, wanted)]
    edges = [first, *(i for i in inner if first < i < last), last]
    return [
        Scene(
            index=0,
            start_pts=int(track.pts[a]),
            end_pts=int(track.pts[b]),
            time_base=track.time_base,
            boundary_start=boundaries.get(a, "forced"),
            boundary_end=boundaries.get(b, "forced"),
            num_frames=b - a,
            keyframe=b"",
            keyframe_pts=int(track.pts[a]),
            scores=SceneScores(
                motion=track.motion,
                static_ratio=0.0,
                luma=0.0,
                contrast=0.0,
                sharpness=0.0,
                black_bars=0.0,
                watermark=0.0,
                fingerprint=0,
            ),
        )
        for a, b in pairwise(edges)
    ]


def _with_keyframes(path: Path, scenes: tuple[Scene, ...], facts: MediaFacts) -> Iterator[Scene]:
    waiting = list(scenes)
    before = None
    for frame in decode(path):
        while waiting and frame.pts > (waiting[0].start_pts + waiting[0].end_pts) / 2:
            yield _with_keyframe(waiting.pop(0), before or frame, facts)
        before = frame
    if before is not None:
        yield from (_with_keyframe(scene, before, facts) for scene in waiting)


def _with_keyframe(scene: Scene, frame: "av.VideoFrame", facts: MediaFacts) -> Scene:
    return replace(scene, keyframe=encode_keyframe(frame, facts), keyframe_pts=frame.pts)
