"""Upscales a picture file: PNG (16 bits and transparency too), JPEG or WebP.

Orientation, colour profile and EXIF go along. Pictures are opened as what they are, not as what
their name says.
"""

import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from hdvg.deep_video import Levels, to_levels
from hdvg.errors import InputError
from vfsr.frame_levels import from_network, to_network
from vfsr.frame_upscaler import FrameUpscaler

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
IMAGE_SUFFIXES = tuple(_FORMATS)
"""Of pictures that can be read and written."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# As films have it: 8K with room to spare, since a forged header may claim any size.
_MAX_PIXELS = 8192 * 4608
_ALPHA = {"JPEG": False, "PNG": True, "WEBP": True}
_KEPT = ("exif", "icc_profile")
# Chosen here, because 4:2:0 and the usual 75 would show next to the source.
_QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": "4:4:4"},
    "PNG": {},
    "WEBP": {"quality": 95},
}


def is_image(path: Path) -> bool:
    """Whether a file begins as a PNG, JPEG or WebP does."""
    with path.open("rb") as file:
        head = file.read(12)
    return head.startswith((_SIGNATURE, b"\xff\xd8\xff")) or (
        head.startswith(b"RIFF") and head[8:] == b"WEBP"
    )


def upscale_image(source: Path, target: Path, upscaler: FrameUpscaler) -> None:
    """Writes `source`, upscaled, to `target`; its folder is made.

    Args:
        source: A PNG, JPEG or WebP.
        target: .png, .jpg, .jpeg or .webp.
        upscaler: Forgets what it has seen before.

    Raises:
        InputError: The source is damaged, animated or too large, or the target's format is not
            known or cannot hold it.
    """
    kind = _FORMATS.get(target.suffix.lower())
    if kind is None:
        raise InputError(f"output must end in one of {', '.join(_FORMATS)}, got {target}")
    small, facts = _read(source)
    if small.shape[2] in (2, 4) and not _ALPHA[kind]:
        raise InputError(f"{target.suffix} cannot hold the transparency of {source}; write .png")
    if small.dtype == np.uint16 and kind != "PNG":
        raise InputError(f"{target.suffix} cannot hold the 16 bits of {source}; write .png")
    upscaler.reset()
    colours = small if small.shape[2] >= 3 else small[..., [0, 0, 0, *range(1, small.shape[2])]]
    large = from_network(upscaler(to_network(colours)), colours)
    if colours is not small:
        # Of a gray picture, what the network made of it is gray but for a trace.
        gray = np.rint(large[..., :3].mean(axis=2, keepdims=True)).astype(large.dtype)
        large = np.concatenate([gray, large[..., 3:]], axis=2)
    _write(target, kind, large, facts)


def _read(source: Path) -> tuple[Levels, dict[str, bytes]]:
    """[H, W, channels] with gray, gray and alpha, RGB or RGBA, and what goes along."""
    try:
        with Image.open(source, formats=tuple(_QUALITY)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise InputError(f"{source} has {image.width}x{image.height} pixels, too many")
            # A JPEG may hold a second picture, such as a preview, and does not move for that.
            if image.format in ("PNG", "WEBP") and getattr(image, "n_frames", 1) > 1:
                raise InputError(f"{source} is animated; make a film of it first")
            facts = {name: image.info[name] for name in _KEPT if image.info.get(name)}
            if image.mode == "CMYK":  # whose profile is of inks
                facts.pop("icc_profile", None)
            if image.format == "PNG" and _png_depth(source) == 16:
                return _read_deep(source), facts
            levels: npt.NDArray[np.uint8] = np.asarray(image.convert(_mode(image)))
    except InputError:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise InputError(f"not a readable picture: {source} ({error})") from error
    return (levels if levels.ndim == 3 else levels[..., None]), facts


def _mode(image: Image.Image) -> str:
    """What to work in: gray stays gray, palettes and CMYK become RGB."""
    if image.has_transparency_data:
        return "LA" if image.mode in ("1", "L", "LA") else "RGBA"
    return "L" if image.mode in ("1", "L") else "RGB"


def _png_depth(source: Path) -> int:
    """Bits a sample, as the header says in its 25th byte; Pillow rounds 16 to 8."""
    with source.open("rb") as file:
        return file.read(25)[24]


def _read_deep(source: Path) -> Levels:
    """A PNG of 16 bits, by FFmpeg's decoder, which opens no other file."""
    decoder = av.VideoCodecContext.create("png", "r")
    decoder.options = {"max_pixels": str(_MAX_PIXELS)}
    try:
        frames = decoder.decode(av.Packet(source.read_bytes())) + decoder.decode(None)
    except av.FFmpegError as error:
        raise InputError(f"not a readable picture: {source} ({error})") from error
    if not frames:
        raise InputError(f"not a readable picture: {source}")
    levels = to_levels(frames[0])
    is_gray = frames[0].format.name.startswith(("gray", "ya"))
    return levels[..., [0, *range(3, levels.shape[2])]] if is_gray else levels


def _write(target: Path, kind: str, levels: Levels, facts: dict[str, bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial{target.suffix}")
    try:
        if levels.dtype == np.uint16:
            partial.write_bytes(_with_facts(_deep_png(levels), facts))
        else:
            flat = levels[..., 0] if levels.shape[2] == 1 else levels
            Image.fromarray(flat).save(partial, kind, **_QUALITY[kind], **facts)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _deep_png(levels: Levels) -> bytes:
    layout = {1: "gray16be", 2: "ya16be", 3: "rgb48be", 4: "rgba64be"}[levels.shape[2]]
    frame = av.VideoFrame(levels.shape[1], levels.shape[0], layout)
    plane = frame.planes[0]
    rows = np.zeros((plane.height, plane.line_size // 2), ">u2")
    rows[:, : levels.shape[1] * levels.shape[2]] = levels.reshape(len(levels), -1)
    plane.update(rows.tobytes())
    encoder = av.VideoCodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, layout
    encoder.time_base = Fraction(1)
    frame.pts = 0
    return b"".join(map(bytes, encoder.encode(frame) + encoder.encode(None)))


def _with_facts(png: bytes, facts: dict[str, bytes]) -> bytes:
    """Puts EXIF and colour profile behind the header (PNG specification, 11.3.2.3 and 11.3.4.5)."""
    header_end = len(_SIGNATURE) + 25
    chunks = b""
    if "icc_profile" in facts:
        chunks += _chunk(b"iCCP", b"profile\0\0" + zlib.compress(facts["icc_profile"]))
    if "exif" in facts:
        chunks += _chunk(b"eXIf", facts["exif"].removeprefix(b"Exif\0\0"))
    return png[:header_end] + chunks + png[header_end:]


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)
