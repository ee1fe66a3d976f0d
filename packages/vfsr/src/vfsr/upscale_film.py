"""Upscales a video file as a stream: one frame in memory, everything else about the film kept.

Kept: the number of frames and each one's timestamp (variable rates too), every audio packet bit for
bit, the colour tags, the rotation, the pixel aspect ratio. The output appears when it is complete.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import torch
from av.video.reformatter import Colorspace

from hdvg.errors import InputError
from hdvg.video import decode, from_rgb, matrix_of, open_media, to_rgb, to_uint8
from vfsr.rcan import RCAN
from vfsr.upscale_clip import open_model, upscale_frame
from vfsr.weights import ModelSource

# Containers that hold H.264 beside the usual audio codecs.
_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
# Visually lossless for most content. The short look-ahead bounds the encoder's memory: the usual 40
# frames are nearly 1 GB at 5120 x 2880.
_ENCODER = {"crf": "17", "preset": "medium", "rc-lookahead": "10"}
# ISO/IEC 23001-8 code points.
_UNSPECIFIED, _LIMITED = 2, 1
_MATRIX_TAGS = {Colorspace.ITU709: 1, Colorspace.ITU601: 6}

AnyPath = str | os.PathLike[str]


def upscale_file(
    source: AnyPath,
    target: AnyPath,
    *,
    model: RCAN | ModelSource | None = None,
    device: str | None = None,
    on_frame: Callable[[], None] = lambda: None,
) -> int:
    """Writes `source`, its frames upscaled, to `target` and returns the number of frames.

    Args:
        source: A video file.
        target: .mp4, .m4v, .mov or .mkv; its folder is made. Matroska rounds timestamps to 1 ms.
        model: As in `vfsr.upscale`.
        device: As in `vfsr.upscale`.
        on_frame: Called after each frame.

    Raises:
        InputError: The source cannot be read to its end, the target's container is not known or
            cannot hold the audio, both are the same file, or the model cannot be opened.
    """
    source, target = Path(source), Path(target)
    if target.suffix.lower() not in _FORMATS:
        known = ", ".join(_FORMATS)
        raise InputError(f"output must end in one of {known}, got {target}")
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(f"output would replace the input: {target}")
    first = _first_frame(source)
    network = open_model(model, device)
    with _complete_or_absent(target) as partial:
        try:
            return _copy(source, partial, first, network, on_frame)
        except av.FFmpegError as error:
            raise InputError(f"cannot upscale {source}: {error}") from error


def _first_frame(source: Path) -> "av.VideoFrame":
    try:
        return next(decode(source))
    except (StopIteration, av.FFmpegError) as error:
        raise InputError(f"no frame could be decoded from {source}") from error


@contextmanager
def _complete_or_absent(target: Path) -> Iterator[Path]:
    """A name to write to, which becomes the target's if all goes well and vanishes if not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial{target.suffix}")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _copy(
    source: Path,
    partial: Path,
    first: "av.VideoFrame",
    network: RCAN,
    on_frame: Callable[[], None],
) -> int:
    container = _FORMATS[partial.suffix.lower()]
    options = {} if container == "matroska" else {"movflags": "faststart"}
    count = 0
    with (
        open_media(source) as inlet,
        av.open(str(partial), "w", format=container, options=options) as outlet,
    ):
        film = inlet.streams.video[0]
        sounds = {s.index: _copy_stream(outlet, s, partial) for s in inlet.streams.audio}
        picture = _add_picture(outlet, film, first, network.config.scale)
        for packet in inlet.demux([film, *inlet.streams.audio]):
            if packet.stream.index in sounds:
                if packet.dts is not None:  # the demuxer's end mark carries no data
                    packet.stream = sounds[packet.stream.index]
                    outlet.mux(packet)
                continue
            for frame in packet.decode():
                outlet.mux(picture.encode(_upscaled(network, frame, first, count)))
                count += 1
                on_frame()
        outlet.mux(picture.encode())
    return count


def _copy_stream(
    outlet: "av.container.OutputContainer", stream: "av.AudioStream", partial: Path
) -> "av.AudioStream":
    try:
        return outlet.add_stream_from_template(stream)
    except (ValueError, av.FFmpegError) as error:
        raise InputError(
            f"{partial.suffix} cannot hold {stream.codec_context.name} audio; write .mkv"
        ) from error


def _add_picture(
    outlet: "av.container.OutputContainer",
    film: "av.VideoStream",
    first: "av.VideoFrame",
    scale: int,
) -> "av.VideoStream":
    rate = film.average_rate or film.guessed_rate or 25
    picture = outlet.add_stream("libx264", rate=rate, options=_ENCODER)
    picture.width, picture.height = first.width * scale, first.height * scale
    picture.pix_fmt = "yuv420p"
    context = picture.codec_context
    context.time_base = film.time_base
    if film.sample_aspect_ratio:
        context.sample_aspect_ratio = film.sample_aspect_ratio
    # An untagged film would be taken for HD once it is large, so what was assumed is written down.
    tagged = first.colorspace != _UNSPECIFIED
    context.colorspace = first.colorspace if tagged else _MATRIX_TAGS[matrix_of(first)]
    context.color_primaries = first.color_primaries
    context.color_trc = first.color_trc
    context.color_range = _LIMITED
    if first.rotation:
        picture.set_display_rotation(first.rotation)
    return picture


def _upscaled(
    network: RCAN, frame: "av.VideoFrame", first: "av.VideoFrame", position: int
) -> "av.VideoFrame":
    if (frame.width, frame.height) != (first.width, first.height):
        raise InputError(
            f"frame {position} is {frame.width}x{frame.height}, "
            f"the film began with {first.width}x{first.height}"
        )
    if frame.pts is None:
        raise InputError(f"frame {position} carries no timestamp")
    rgb = torch.from_numpy(to_rgb(frame)).permute(2, 0, 1).float() / 255
    large = to_uint8(upscale_frame(network, rgb).permute(1, 2, 0).numpy())
    result = from_rgb(large, matrix_of(first))
    result.pts, result.time_base = frame.pts, frame.time_base
    return result
