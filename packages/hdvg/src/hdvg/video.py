"""Video files to arrays and back: the only place where layout, colour order and range change.

Inside a file: planar YUV. In this module's signatures: RGB, `T 3 H W`, uint8 in 0..255, or float
in [0, 1] for `Video`.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image

from hdvg.errors import InputError
from hdvg.media_file import Source
from hdvg.media_file import open_media as open_media  # models know this module alone
from hdvg.pick_frames import pick_frames, pick_in_passing

if TYPE_CHECKING:
    import torch

UInt8Video = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, width and height of a part of a picture, in pixels."""

# ISO/IEC 23001-8 code points as FFmpeg numbers them.
_BT709 = 1
_UNSPECIFIED = 2
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_MATRICES = {
    _BT709: Colorspace.ITU709,
    4: Colorspace.FCC,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
}
_HD_HEIGHT = 720
# swscale's fast paths round down: RGB came out 1 to 2 levels dark (3 at most), with these flags at
# most 1 and 0 on average. Shrinking a 720p frame takes 0.4 ms instead of 0.3.
EXACT = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.FULL_CHR_H_INP


@dataclass(frozen=True, eq=False)
class Video:
    """A clip in memory, as `vfmodel.generate` returns it and `vfsr.upscale` takes it.

    Attributes:
        frames: RGB, float, [T, 3, H, W] in [0, 1], on any device.
        fps: Frames per second, constant over the clip.
    """

    frames: "torch.Tensor"
    fps: float

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes H.264 in MP4 and returns the path; nothing is left behind on failure."""
        frames = self.frames.detach().float().cpu().numpy()
        return write_video(path, to_uint8(frames), self.fps)


def to_uint8(frames: npt.NDArray[Any]) -> UInt8Video:
    """Rounds floats in [0, 1] to uint8 in 0..255; values outside are clipped."""
    rounded: UInt8Video = np.rint(np.clip(frames, 0.0, 1.0) * 255.0).astype(np.uint8)
    return rounded


def frame_time_s(frame: "av.VideoFrame") -> float:
    """Presentation time of a decoded frame in seconds, on the stream's own clock."""
    if frame.pts is None or frame.time_base is None:
        raise InputError("a decoded frame carries no timestamp")
    return float(frame.pts * frame.time_base)


def to_rgb(
    frame: "av.VideoFrame", width: int | None = None, height: int | None = None
) -> UInt8Video:
    """Converts a decoded frame to RGB uint8 [H, W, 3], scaled to width x height when given.

    Area averaging when shrinking keeps fine texture from aliasing; bicubic otherwise.
    """
    width, height = width or frame.width, height or frame.height
    shrinks = width < frame.width or height < frame.height
    rgb = frame.reformat(
        width=width,
        height=height,
        format="rgb24",
        src_colorspace=matrix_of(frame),
        interpolation=(Interpolation.AREA if shrinks else Interpolation.BICUBIC) | EXACT,
    )
    array: UInt8Video = rgb.to_ndarray()
    return array


def matrix_of(frame: "av.VideoFrame") -> Colorspace:
    """The YUV matrix: as tagged; untagged HD is BT.709 and SD is BT.601, as players assume."""
    if frame.colorspace == _UNSPECIFIED:
        return Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601
    return _MATRICES.get(frame.colorspace, Colorspace.ITU601)


def is_full_range(frame: "av.VideoFrame") -> bool:
    """Whether luma spans 0..255 rather than 16..235: as tagged, or by the pixel format's name."""
    return frame.color_range == _FULL_RANGE or frame.format.name.startswith("yuvj")


def scale_and_crop(
    frame: "av.VideoFrame", width: int, height: int, centre: tuple[float, float] = (0.5, 0.5)
) -> UInt8Video:
    """Covers height x width with the frame, aspect ratio kept, and crops what is left over.

    Args:
        frame: A decoded frame of any size.
        width: Target width in pixels.
        height: Target height in pixels.
        centre: Where the crop sits in the surplus, (x, y) in [0, 1]; (0.5, 0.5) is central.

    Returns:
        RGB uint8 [3, height, width].
    """
    scaled = _cover(frame.width, frame.height, width, height)
    return _crop(to_rgb(frame, *scaled), width, height, centre)


def fit_rgb(
    rgb: UInt8Video,
    width: int,
    height: int,
    centre: tuple[float, float] = (0.5, 0.5),
    box: Box | None = None,
) -> UInt8Video:
    """As `scale_and_crop`, for RGB uint8 [H, W, 3] and for a part of it.

    Nothing outside the box comes in, not even through the scaling filter.
    """
    x, y, box_w, box_h = box or (0, 0, rgb.shape[1], rgb.shape[0])
    scaled = _cover(box_w, box_h, width, height)
    shrinks = scaled[0] < box_w or scaled[1] < box_h
    fitted = Image.fromarray(rgb).resize(
        scaled,
        Image.Resampling.BOX if shrinks else Image.Resampling.BICUBIC,
        box=(x, y, x + box_w, y + box_h),
    )
    return _crop(np.asarray(fitted), width, height, centre)


def _cover(from_w: int, from_h: int, width: int, height: int) -> tuple[int, int]:
    """The smallest size of the same aspect ratio, width first, that covers width x height."""
    scale = max(width / from_w, height / from_h)
    return max(width, round(from_w * scale)), max(height, round(from_h * scale))


def _crop(rgb: UInt8Video, width: int, height: int, centre: tuple[float, float]) -> UInt8Video:
    left = round((rgb.shape[1] - width) * centre[0])
    top = round((rgb.shape[0] - height) * centre[1])
    return np.ascontiguousarray(rgb[top : top + height, left : left + width].transpose(2, 0, 1))


def decode(source: Source, threads: int = 1) -> Iterator["av.VideoFrame"]:
    """Yields every decodable frame of the first video stream in presentation order.

    Args:
        source: A path or an open binary file.
        threads: Decoder threads; 1 because parallelism comes from processes.
    """
    with open_media(source) as container:
        stream = container.streams.video[0]
        stream.thread_count = threads
        yield from container.decode(stream)


def frames_at(
    source: Source,
    times_s: Sequence[float],
    width: int,
    height: int,
    centre: tuple[float, float] = (0.5, 0.5),
    box: Box | None = None,
) -> UInt8Video:
    """Reads the frames that are on screen at the given times.

    A frame is on screen from its own timestamp until the next one's; times are counted from the
    first frame. Choosing by time, never by frame number times nominal rate, is what keeps
    variable-frame-rate sources in step.

    Args:
        source: A path or an open binary file.
        times_s: One or more ascending times in seconds; past the end is the last frame.
        width: Target width in pixels.
        height: Target height in pixels.
        centre: As in `scale_and_crop`.
        box: The part of the frames to look at; None for all of it.

    Returns:
        RGB uint8 [len(times_s), 3, height, width].

    Raises:
        InputError: No frame could be decoded.
    """

    def convert(frame: "av.VideoFrame") -> UInt8Video:
        if box is not None:
            return fit_rgb(to_rgb(frame), width, height, centre, box)
        return scale_and_crop(frame, width, height, centre)

    with open_media(source) as container:
        picked = pick_frames(container, times_s, convert)
    if picked is None:
        if not isinstance(source, str | os.PathLike):
            source.seek(0)
        with open_media(source) as container:
            picked = pick_in_passing(container, times_s, convert)
    if not picked:
        raise InputError(f"no frame could be decoded from {getattr(source, 'name', source)}")
    return np.stack(picked)


def write_video(
    path: str | os.PathLike[str], frames: UInt8Video, fps: float, crf: int = 17
) -> Path:
    """Writes RGB uint8 [T, 3, H, W] as H.264 / yuv420p / BT.709 in MP4.

    Odd sizes are padded by one repeated row or column, since 4:2:0 needs even ones. The file
    appears under its name only when it is complete.

    Args:
        path: Where to write; its folder is made.
        frames: At least one frame.
        fps: Frames per second, above 0.
        crf: x264's constant rate factor; 17 is visually lossless for most content.

    Raises:
        InputError: No frames, a shape that is not [T, 3, H, W], or a rate that is not positive.
    """
    if not 0 < fps < float("inf"):
        raise InputError(f"fps must be positive, got {fps}")
    if frames.ndim != 4 or frames.shape[1] != 3 or len(frames) == 0:
        raise InputError(f"frames must be [T, 3, H, W] with T >= 1, got shape {frames.shape}")
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.stem}.{os.getpid()}.partial.mp4")
    even = np.pad(
        frames, ((0, 0), (0, 0), (0, frames.shape[2] % 2), (0, frames.shape[3] % 2)), mode="edge"
    )
    try:
        _encode(partial, even, Fraction(fps).limit_denominator(60_000), crf)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _encode(path: Path, frames: UInt8Video, rate: Fraction, crf: int) -> None:
    options = {"crf": str(crf), "preset": "medium"}
    with av.open(str(path), "w", format="mp4", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.height, stream.width = frames.shape[2:]
        stream.pix_fmt = "yuv420p"
        tag_bt709(stream.codec_context)
        for rgb in frames:
            container.mux(stream.encode(from_rgb(rgb.transpose(1, 2, 0))))
        container.mux(stream.encode())


def tag_bt709(context: "av.VideoCodecContext") -> None:
    """Marks an encoder's stream as BT.709, limited range, so that players show our colours."""
    context.colorspace = _BT709
    context.color_primaries = _BT709
    context.color_trc = _BT709
    context.color_range = 1  # limited ("tv") range


def from_rgb(rgb: UInt8Video, matrix: Colorspace = Colorspace.ITU709) -> "av.VideoFrame":
    """Converts RGB uint8 [H, W, 3], H and W even, to a limited-range yuv420p frame."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return frame.reformat(
        format="yuv420p", dst_colorspace=matrix, interpolation=Interpolation.AREA | EXACT
    )
