"""Cuts scenes out of a video, exact to the frame, in one decoding pass.

A clip holds the frames whose timestamps lie in [start, end), on the source's own clock moved to
zero, so that a variable frame rate stays as it was. Clips are encoded anew with one thread: the
same source and settings give the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from hdvg.errors import InputError
from hdvg.failures import VideoFailure
from hdvg.keyframes import encode_keyframe
from hdvg.probe import MediaFacts
from hdvg.scan.result import Scene
from hdvg.video import decode, from_rgb, to_rgb

_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
# A reader that wants the middle of a clip decodes at most this many frames for nothing.
_KEYFRAME_INTERVAL = 48
_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower")


@dataclass(frozen=True, kw_only=True)
class CutConfig:
    """How clips are encoded."""

    crf: int = 18
    """x264's constant rate factor, 0..51; 18 looks like the source."""
    preset: str = "veryfast"
    """x264's preset: how long it may think to save bytes."""

    def __post_init__(self) -> None:
        if not 0 <= self.crf <= 51:
            raise InputError(f"cut.crf must be in 0..51, got {self.crf}")
        if self.preset not in _PRESETS:
            raise InputError(f"cut.preset must be one of {', '.join(_PRESETS)}, got {self.preset}")


@dataclass(frozen=True, kw_only=True)
class CutClip:
    """A clip on disk.

    Attributes:
        scene: What it shows.
        path: The MP4.
        num_frames: Frames in it.
        width: In pixels.
        height: In pixels.
        keyframe: The central frame, JPEG.
        keyframe_s: Its time on the source's clock, in seconds.
    """

    scene: Scene
    path: Path
    num_frames: int
    width: int
    height: int
    keyframe: bytes
    keyframe_s: float


def cut(
    source: Path, scenes: Sequence[Scene], facts: MediaFacts, folder: Path, config: CutConfig
) -> list[CutClip]:
    """Writes a clip for each scene, as `<scene index>.mp4`.

    Args:
        source: The video.
        scenes: In order, without overlap.
        facts: The video's, for its displayed size and rotation.
        folder: Where the clips go.
        config: How to encode.

    Raises:
        VideoFailure: The source ends before its scenes do.
    """
    clips: list[CutClip] = []
    waiting = list(scenes)
    writer: _ClipWriter | None = None
    try:
        for frame in decode(source):
            if writer is not None and frame.pts >= writer.scene.end_pts:
                clips.append(writer.close())
                writer = None
            if writer is None and not waiting:
                break
            if writer is None and frame.pts >= waiting[0].start_pts:
                writer = _ClipWriter(waiting.pop(0), facts, folder, config)
            if writer is not None:
                writer.add(frame)
        if writer is not None:
            clips.append(writer.close())
            writer = None
    finally:
        if writer is not None:
            writer.abandon()
    if waiting:
        raise VideoFailure("decode_failed", f"{len(waiting)} scenes could not be decoded again")
    return clips


class _ClipWriter:
    """Encodes one clip as its frames arrive and keeps the frame on screen at half time."""

    def __init__(self, scene: Scene, facts: MediaFacts, folder: Path, config: CutConfig) -> None:
        self.scene = scene
        self._facts = facts
        self._path = folder / f"{scene.index}.mp4"
        options = {
            "crf": str(config.crf),
            "preset": config.preset,
            "threads": "1",
            "g": str(_KEYFRAME_INTERVAL),
        }
        self._container = av.open(str(self._path), "w", format="mp4")
        rate = max(1, round(facts.fps))
        self._stream = self._container.add_stream("libx264", rate=rate, options=options)
        self._stream.width, self._stream.height = facts.width, facts.height
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = scene.time_base
        self._num_frames = 0
        self._middle_pts = (scene.start_pts + scene.end_pts) / 2
        self._central: av.VideoFrame | None = None
        self._central_pts = scene.start_pts

    def add(self, frame: "av.VideoFrame") -> None:
        """Appends a decoded frame, made upright, at its time in the scene."""
        pts = frame.pts
        upright = _make_upright(frame, self._facts)
        if self._num_frames == 0:
            self._copy_colours(upright)
        if pts <= self._middle_pts or self._central is None:
            self._central, self._central_pts = upright, pts
        upright.pts = pts - self.scene.start_pts
        upright.time_base = self.scene.time_base
        upright.pict_type = av.video.frame.PictureType.NONE
        self._container.mux(self._stream.encode(upright))
        self._num_frames += 1

    def close(self) -> CutClip:
        """Finishes the file."""
        self._container.mux(self._stream.encode())
        self._container.close()
        assert self._central is not None, "a writer is made when its first frame is there"
        return CutClip(
            scene=self.scene,
            path=self._path,
            num_frames=self._num_frames,
            width=self._facts.width,
            height=self._facts.height,
            keyframe=encode_keyframe(self._central),
            keyframe_s=float(self._central_pts * self.scene.time_base),
        )

    def abandon(self) -> None:
        """Lets go of the file after an error elsewhere."""
        self._container.close()
        self._path.unlink(missing_ok=True)

    def _copy_colours(self, frame: "av.VideoFrame") -> None:
        """The clip's YUV means what the source's does."""
        context = self._stream.codec_context
        context.colorspace = frame.colorspace
        context.color_primaries = frame.color_primaries
        context.color_trc = frame.color_trc
        context.color_range = 1  # limited, as `_make_upright` leaves it


def _make_upright(frame: "av.VideoFrame", facts: MediaFacts) -> "av.VideoFrame":
    """The frame as displayed: turned, with square pixels, yuv420p in limited range."""
    if facts.rotation:
        turned = np.rot90(to_rgb(frame), facts.rotation // 90)
        even = turned[: turned.shape[0] // 2 * 2, : turned.shape[1] // 2 * 2]
        frame = from_rgb(np.ascontiguousarray(even))
    full = frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")
    same_size = (frame.width, frame.height) == (facts.width, facts.height)
    if same_size and not full and frame.format.name == "yuv420p":
        return frame
    return frame.reformat(
        facts.width,
        facts.height,
        format="yuv420p",
        src_color_range=ColorRange.JPEG if full else ColorRange.MPEG,
        dst_color_range=ColorRange.MPEG,
    )
