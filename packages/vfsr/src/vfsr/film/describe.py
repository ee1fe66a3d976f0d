"""What a film is like, as far as its upscaled version must be like it."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.sidedata.sidedata import Type
from av.video.reformatter import Colorspace

from hdvg.deep_video import bit_depth, has_alpha
from hdvg.errors import InputError
from hdvg.video import matrix_of, open_media
from vfsr.film.decode import decode
from vfsr.film.hdr import light_levels, mastering_display

# ISO/IEC 23001-8 code points as FFmpeg numbers them.
_RGB, _UNSPECIFIED = 0, 2
_MATRIX_TAGS = {Colorspace.ITU709: 1, Colorspace.ITU601: 6}
# What frames may carry that an encoder of ours does not write.
_LOST = {
    Type.A53_CC: "closed captions inside the picture",
    Type.DYNAMIC_HDR_PLUS: "HDR10+ metadata",
    Type.DOVI_METADATA: "Dolby Vision metadata",
}
_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True, kw_only=True)
class Film:
    """The picture of a film, from its header and its first frame."""

    width: int
    """Of the stored frame, in pixels, before any rotation."""
    height: int
    """Of the stored frame, in pixels."""
    depth: int
    """Bits a sample."""
    alpha: bool
    """Whether frames have transparency."""
    rate: Fraction
    """Frames per second, a hint; timestamps decide."""
    time_base: Fraction
    """Unit of the timestamps, in seconds."""
    pixel_aspect: Fraction | None
    """Width of a pixel over its height; None is unknown."""
    rotation: int
    """Degrees that players turn the picture by."""
    matrix: Colorspace
    """From RGB to YUV, for the result."""
    matrix_tag: int
    """The matrix as the result names it."""
    primaries_tag: int
    """Of the source, and of the result."""
    transfer_tag: int
    """Of the source, and of the result: BT.1886, PQ, HLG, ..."""
    mastering_display: str | None
    """Of HDR10, in the notation of x264 and x265."""
    light_levels: str | None
    """Brightest pixel and brightest mean of a frame, in cd/m2, of HDR10."""
    lost: tuple[str, ...]
    """What the first frame carries beside its pixels and the result will lack."""
    is_interlaced: bool
    """Whether the first frame is two fields."""
    num_frames: int | None
    """A hint from the header."""


def describe(path: Path) -> Film:
    """Reads the header and the first frame.

    Raises:
        InputError: The file is missing, no known media file, or has no frame that decodes.
    """
    with open_media(path) as container:
        stream = find_picture(container, path)
        frame = next(decode(container, stream), None)
        if frame is None:
            raise InputError(f"no frame could be decoded from {path}")
        rgb = frame.format.is_rgb or frame.colorspace == _RGB
        matrix = Colorspace.ITU709 if rgb else matrix_of(frame)
        # An untagged film would be taken for HD once it is large: what was assumed is written down.
        tagged = frame.colorspace not in (_UNSPECIFIED, _RGB) and not rgb
        return Film(
            width=frame.width,
            height=frame.height,
            depth=bit_depth(frame),
            alpha=has_alpha(frame),
            rate=stream.average_rate or stream.guessed_rate or _DEFAULT_RATE,
            time_base=stream.time_base or 1 / _DEFAULT_RATE,
            pixel_aspect=stream.sample_aspect_ratio or None,
            rotation=frame.rotation,
            matrix=matrix,
            matrix_tag=frame.colorspace if tagged else _MATRIX_TAGS[matrix],
            primaries_tag=frame.color_primaries,
            transfer_tag=frame.color_trc,
            mastering_display=mastering_display(frame),
            light_levels=light_levels(frame),
            lost=tuple(name for kind, name in _LOST.items() if _carries(frame, kind)),
            is_interlaced=frame.interlaced_frame,
            num_frames=_count_frames(container, stream),
        )


def find_picture(container: "av.container.InputContainer", path: Path) -> "av.VideoStream":
    """The first video stream that is no cover picture.

    Raises:
        InputError: There is none, or no decoder for it.
    """
    for stream in container.streams.video:
        if not is_cover(stream):
            if stream.codec_context is None:
                raise InputError(f"no decoder for the video stream of {path}")
            return stream
    raise InputError(f"no video stream in {path}, only cover pictures")


def is_cover(stream: "av.stream.Stream") -> bool:
    """Whether a video stream is one picture that stands for the file."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _carries(frame: "av.VideoFrame", kind: Type) -> bool:
    return frame.side_data.get(kind) is not None


def _count_frames(container: "av.container.InputContainer", stream: "av.VideoStream") -> int | None:
    """What the container says, or duration times rate; None when it says neither."""
    if stream.frames:
        return stream.frames
    if container.duration and stream.average_rate:
        return round(container.duration / 1e6 * stream.average_rate)
    return None
