"""Finds the scenes of a video, on the clock of its own timestamps.

PySceneDetect judges frames by number; times come from the frames' own timestamps, so that a
variable frame rate moves nothing. Frames are decoded here, with the limits of `hdvg.video`, and
not by PySceneDetect, which would open an untrusted file as any format FFmpeg knows.

Hard cuts and fades through black are found. Dissolves from picture to picture are not, and a clip
next to a fade keeps the fade's dark frames; its row says `boundary_*` = "fade".
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Interpolation
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ThresholdDetector

from hdvg.errors import InputError
from hdvg.failures import VideoFailure
from hdvg.video import decode

# Detection works on small frames; PySceneDetect's own default brings 720p to 256 wide.
_SCAN_WIDTH = 256
# A step into or out of black may also look like a hard cut; the fade's middle stands for both.
_FADE_REACH_FRAMES = 2
# Chosen here: twice what H.264 at crf 23 does to the channels of a grey area.
_GREY_CHROMA = 12
# Detectors count frames; this rate only gives their timecodes a scale, no time is read from it.
_COUNTING_RATE = 25.0


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """How scenes are found and which are kept."""

    threshold: float = 3.0
    """How many times its neighbours' change a frame's change must be to count as a cut;
    PySceneDetect's default for its adaptive detector."""
    min_change: float = 15.0
    """Least change of a cut, in mean HSV levels of 0..255; PySceneDetect's default."""
    black_level: float = 12.0
    """Mean level of 0..255 below which a frame is black, for fades; PySceneDetect's default."""
    min_scene_s: float = 2.0
    """Shorter scenes are dropped; the paper's clips are 16 frames at 8 fps."""
    max_scene_s: float = 20.0
    """Longer scenes are split evenly into pieces of at most this many seconds."""
    static_level: float = 0.1
    """A video whose frames change by less than this, in mean levels of 0..255 and cuts aside, is a
    slideshow. Chosen here: rendered stills measure below 0.02, the slowest footage above 0.3."""

    def __post_init__(self) -> None:
        if self.threshold <= 0 or self.min_change <= 0:
            raise InputError(
                f"scan needs threshold > 0 and min_change > 0, got {self.threshold}"
                f" and {self.min_change}"
            )
        if not 0 < self.min_scene_s <= self.max_scene_s / 2:
            raise InputError(
                f"scan needs 0 < min_scene_s <= max_scene_s / 2, got {self.min_scene_s}"
                f" and {self.max_scene_s}"
            )


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A shot, or a piece of a long one; the end is exclusive.

    Attributes:
        index: Number of the piece in the video, from 0, counting dropped ones too.
        start_pts: Timestamp of the first frame, in `time_base`.
        end_pts: Timestamp at which the last frame ends.
        time_base: Seconds a tick.
        boundary_start: "cut", "fade", "video_edge" or "forced".
        boundary_end: Likewise.
    """

    index: int
    start_pts: int
    end_pts: int
    time_base: Fraction
    boundary_start: str
    boundary_end: str

    @property
    def start_s(self) -> float:
        """Start on the source's clock in seconds."""
        return float(self.start_pts * self.time_base)

    @property
    def end_s(self) -> float:
        """End on the source's clock in seconds."""
        return float(self.end_pts * self.time_base)


@dataclass(frozen=True, kw_only=True)
class ScanResult:
    """What a scan found.

    Attributes:
        scenes: The scenes that are long enough, in order.
        num_scenes: How many there were before dropping any.
        motion: Mean absolute change of luma from frame to frame, cuts aside, in levels of 0..255.
        origin_s: Time of the video's first frame on its clock, in seconds.
    """

    scenes: tuple[Scene, ...]
    num_scenes: int
    motion: float
    origin_s: float


def scan(path: Path, config: ScanConfig) -> ScanResult:
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
        scenes=kept,
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
        )
        for a, b in pairwise(edges)
    ]
