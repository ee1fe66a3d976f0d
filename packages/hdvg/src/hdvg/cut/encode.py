"""Clips by encoding: what a stream copy cannot give, in one decoding pass.

A clip holds the frames whose timestamps lie in [start, end), on the source's own clock moved to
zero, so that a variable frame rate stays as it was. One thread encodes: the same source and
settings give the same bytes.
"""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange

from hdvg.cut.cut_clip import CutClip, CutConfig
from hdvg.failures import VideoFailure
from hdvg.probe import MediaFacts
from hdvg.scan.result import Scene
from hdvg.video import decode, from_rgb, is_full_range, to_rgb

# A reader that wants the middle of a clip decodes at most this many frames for nothing.
_KEYFRAME_INTERVAL = 48


def encode(
    source: Path, scenes: Sequence[Scene], facts: MediaFacts, folder: Path, config: CutConfig
) -> list[CutClip]:
    """Writes a clip for each scene, as `<scene index>.mp4`, upright and with square pixels.

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
    """Encodes one clip as its frames arrive."""

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

    def add(self, frame: "av.VideoFrame") -> None:
        """Appends a decoded frame, made upright, at its time in the scene."""
        pts = frame.pts
        upright = make_upright(frame, self._facts)
        if self._num_frames == 0:
            copy_colours(upright, self._stream.codec_context)
        upright.pts = pts - self.scene.start_pts
        upright.time_base = self.scene.time_base
        upright.pict_type = av.video.frame.PictureType.NONE
        self._container.mux(self._stream.encode(upright))
        self._num_frames += 1

    def close(self) -> CutClip:
        """Finishes the file."""
        self._container.mux(self._stream.encode())
        self._container.close()
        return CutClip(
            scene=self.scene,
            path=self._path,
            cut_mode="encode",
            codec="h264",
            num_frames=self._num_frames,
            lead_hidden_frames=0,
            width=self._facts.width,
            height=self._facts.height,
        )

    def abandon(self) -> None:
        """Lets go of the file after an error elsewhere."""
        self._container.close()
        self._path.unlink(missing_ok=True)


def copy_colours(frame: "av.VideoFrame", encoder: "av.VideoCodecContext") -> None:
    """The clip's YUV, in limited range, means what the source's does."""
    encoder.colorspace = frame.colorspace
    encoder.color_primaries = frame.color_primaries
    encoder.color_trc = frame.color_trc
    encoder.color_range = 1


def make_upright(frame: "av.VideoFrame", facts: MediaFacts) -> "av.VideoFrame":
    """The frame as displayed: turned, with square pixels, yuv420p in limited range."""
    if facts.rotation:
        turned = np.rot90(to_rgb(frame), facts.rotation // 90)
        even = turned[: turned.shape[0] // 2 * 2, : turned.shape[1] // 2 * 2]
        frame = from_rgb(np.ascontiguousarray(even))
    full = is_full_range(frame)
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
