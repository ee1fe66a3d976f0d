"""What a file says about itself, and whether that is what the dataset wants.

Only the container's index and one decoded frame are read: a packet's timestamp costs next to
nothing, a decoded frame costs milliseconds.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from hdvg.errors import InputError
from hdvg.failures import VideoFailure
from hdvg.media_file import MAX_PIXELS, open_media
from hdvg.plain_text import plain_text

# Four hours at 240 frames a second, and as much again. A file may hold a frame a byte.
_MAX_FRAMES = 7_000_000
_HASH_BLOCK = 2**20
_MAX_TITLE = 500
# Frame times in coarse clocks (milliseconds in Matroska) jitter by a tick; only more is variable.
_VFR_TOLERANCE = 0.25
# A file whose frames end this much before its declared duration has lost its tail.
_LOST_TAIL_FRAC, _LOST_TAIL_S = 0.1, 1.0


@dataclass(frozen=True, kw_only=True)
class FilterConfig:
    """Which videos are taken; the defaults are the paper's (720p, widescreen)."""

    min_height: int = 720
    """Lowest height in pixels, as displayed."""
    min_aspect: float = 1.6
    """Smallest width / height, as displayed; 16:9 is 1.78."""
    max_aspect: float = 3.0
    """Largest width / height; beyond cinema's 2.76 lie banners."""
    min_duration_s: float = 1.0
    """Shortest video in seconds."""
    max_duration_s: float = 4 * 3600.0
    """Longest video in seconds."""
    licenses: tuple[str, ...] = ()
    """Words of which a web video's licence must hold one, such as "Creative Commons"; empty takes
    any. A page that states no licence is then refused, while files of a folder are not asked."""

    def __post_init__(self) -> None:
        if not all(word.strip() for word in self.licenses):
            raise InputError(f"filter.licenses holds an empty word: {list(self.licenses)}")
        if self.min_height < 1:
            raise InputError(f"filter.min_height must be at least 1, got {self.min_height}")
        if not 0 < self.min_aspect <= self.max_aspect:
            raise InputError(
                f"filter needs 0 < min_aspect <= max_aspect, got {self.min_aspect}"
                f" and {self.max_aspect}"
            )
        if not 0 <= self.min_duration_s <= self.max_duration_s:
            raise InputError(
                f"filter needs 0 <= min_duration_s <= max_duration_s, got {self.min_duration_s}"
                f" and {self.max_duration_s}"
            )


@dataclass(frozen=True, kw_only=True)
class MediaFacts:
    """A file's first video stream.

    Attributes:
        width: As displayed, in square pixels, even.
        height: As displayed, even.
        rotation: Degrees anticlockwise, a multiple of 90, that decoded frames are turned by to
            be displayed.
        duration_s: From the first frame's start to the last one's end.
        num_frames: Packets with a timestamp.
        fps: Mean frame rate.
        is_vfr: Whether frame durations differ by more than a clock's rounding.
        codec: FFmpeg's name.
        title: The container's title tag, or "".
        nbytes: File size.
        sha256: Hex digest of the file.
    """

    width: int
    height: int
    rotation: int
    duration_s: float
    num_frames: int
    fps: float
    is_vfr: bool
    codec: str
    title: str
    nbytes: int
    sha256: str


def probe(path: Path) -> MediaFacts:
    """Reads the facts of a media file.

    Raises:
        VideoFailure: Not a media file, no video in it, no frame that decodes, or cut short.
    """
    try:
        with open_media(path) as container:
            stream = container.streams.video[0]
            _refuse_claims(stream)
            title = plain_text(container.metadata.get("title"), _MAX_TITLE)
            width, height, rotation = _display(container, stream)
            ticks, end = _timestamps(container, stream)
            # Asked now: a stream's fields are freed memory once its container is closed.
            second, codec = float(stream.time_base), stream.codec_context.name
            declared_s = float(stream.duration or 0) * second
    except InputError as error:
        # Not the error's own message: it names a path that differs from run to run.
        cause = error.__cause__
        reason = cause.strerror if isinstance(cause, av.FFmpegError) else "no video stream"
        raise VideoFailure("probe_failed", f"not a readable video: {reason}") from error
    except av.FFmpegError as error:
        raise VideoFailure("probe_failed", f"cannot be read: {error.strerror}") from error
    duration_s = (end - int(ticks[0])) * second
    if declared_s - duration_s > max(_LOST_TAIL_S, _LOST_TAIL_FRAC * declared_s):
        raise VideoFailure("decode_failed", f"ends at {duration_s:.1f} of {declared_s:.1f} s")
    steps = np.diff(ticks)
    middle = float(np.median(steps)) if len(steps) else 1.0
    return MediaFacts(
        width=width,
        height=height,
        rotation=rotation,
        duration_s=duration_s,
        num_frames=len(ticks),
        fps=len(ticks) / duration_s,
        is_vfr=bool(np.any(np.abs(steps - middle) > _VFR_TOLERANCE * middle + 1)),
        codec=codec,
        title=title,
        nbytes=path.stat().st_size,
        sha256=_hash(path),
    )


def _refuse_claims(stream: "av.VideoStream") -> None:
    """Fails a file by its header, before a decoder believes it."""
    if stream.disposition & av.stream.Disposition.attached_pic:
        raise VideoFailure("probe_failed", "the first picture is cover art")
    context = stream.codec_context
    if context is None:
        raise VideoFailure("probe_failed", "no decoder for the video stream")
    if context.width * context.height > MAX_PIXELS:
        raise VideoFailure("probe_failed", f"claims frames of {context.width}x{context.height}")
    if not stream.time_base:
        raise VideoFailure("probe_failed", "claims a clock that does not tick")


def check(facts: MediaFacts, config: FilterConfig) -> None:
    """Applies the filter.

    Raises:
        VideoFailure: The first condition that the video does not meet.
    """
    aspect = facts.width / facts.height
    if facts.duration_s < config.min_duration_s:
        _refuse("too_short", "duration", facts.duration_s, f"at least {config.min_duration_s:g} s")
    if facts.duration_s > config.max_duration_s:
        _refuse("too_long", "duration", facts.duration_s, f"at most {config.max_duration_s:g} s")
    if aspect < config.min_aspect:
        _refuse("not_widescreen", "aspect", aspect, f"at least {config.min_aspect:g}")
    if aspect > config.max_aspect:
        _refuse("too_wide", "aspect", aspect, f"at most {config.max_aspect:g}")
    if facts.height < config.min_height:
        _refuse("low_resolution", "height", facts.height, f"at least {config.min_height}")


def _refuse(code: str, what: str, value: float, wanted: str) -> None:
    raise VideoFailure(code, f"{what} {round(value, 3):g}, wanted {wanted}")


def _display(
    container: "av.container.InputContainer", stream: "av.VideoStream"
) -> tuple[int, int, int]:
    """Width and height as displayed, and the rotation; decodes one frame to know them."""
    frame = next(container.decode(stream), None)
    if frame is None:
        raise VideoFailure("no_frames", "no frame could be decoded")
    container.seek(0, stream=stream, backward=True)
    rotation = round(frame.rotation / 90) * 90 % 360
    aspect = stream.sample_aspect_ratio or 1
    width, height = round(frame.width * aspect), frame.height
    if rotation % 180:
        width, height = height, width
    return width - width % 2, height - height % 2, rotation


def _timestamps(
    container: "av.container.InputContainer", stream: "av.VideoStream"
) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", int]:
    """Sorted timestamps of all frames and the end of the last one, in the stream's clock."""
    stamps, end = [], 0
    for packet in container.demux(stream):
        if packet.pts is not None:
            stamps.append(packet.pts)
            end = max(end, packet.pts + (packet.duration or 0))
            if len(stamps) > _MAX_FRAMES:
                raise VideoFailure("probe_failed", f"more than {_MAX_FRAMES} frames")
    if not stamps:
        raise VideoFailure("no_frames", "no packet carries a timestamp")
    ticks = np.unique(np.asarray(stamps, np.int64))
    # Containers may not say how long the last frame lasts: then as long as the one before.
    if end <= ticks[-1]:
        end = int(ticks[-1] + (ticks[-1] - ticks[-2] if len(ticks) > 1 else 1))
    return ticks, end


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()
