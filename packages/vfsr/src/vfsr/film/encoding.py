"""How the result is encoded: H.264 for 8 bits, HEVC for more, ProRes 4444 for transparency.

Ten bits are HEVC because H.264's High 10 plays in hardly any browser, phone or television, while
Main 10 does in most. 4:2:0 is enough for all but ProRes: at twice the size or more it holds more
chroma than 4:4:4 did in the source.
"""

import errno
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import av

from hdvg.errors import InputError
from vfsr.film.describe import Film

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""FFmpeg's names, by suffix."""

_LIMITED = 1  # color_range, as FFmpeg numbers it
_ENCODERS = {"h264": "libx264", "hevc": "libx265", "prores": "prores_ks"}
# Chosen here, because both are visually lossless for most content; x265's scale is about 2 apart.
_CRF = {"h264": 17, "hevc": 19}


@dataclass(frozen=True, kw_only=True)
class EncodeConfig:
    """What a user may choose of the encoding."""

    codec: Literal["h264", "hevc", "prores"] | None = None
    """None is H.264, HEVC for films of more than 8 bits, ProRes 4444 for transparent ones."""
    crf: int | None = None
    """Constant rate factor of H.264 (17 if not given) and HEVC (19): 0 is best, 51 is worst."""

    def __post_init__(self) -> None:
        """Checks the choice."""
        if self.codec not in (None, *_ENCODERS):
            raise InputError(f"codec must be one of {', '.join(_ENCODERS)}, got {self.codec!r}")
        if self.crf is not None and not 0 <= self.crf <= 51:
            raise InputError(f"crf must be 0..51, got {self.crf}")
        if self.crf is not None and self.codec == "prores":
            raise InputError("ProRes has no crf")


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """An encoder and everything that it is told; equal ones make streams that can be joined."""

    film: Film
    """Decides shape, colours and clock."""
    scale: int
    """How many times larger the result is on each side."""
    codec: str
    """h264, hevc or prores."""
    pixels: str
    """The pixel format."""
    options: dict[str, str]
    """The encoder's own."""

    def identity(self) -> dict[str, object]:
        """All of it as text and numbers, with the encoders' version."""
        fields = {name: str(value) for name, value in asdict(self).items()}
        return fields | {"libavcodec": list(av.library_versions["libavcodec"])}


def choose_encoding(film: Film, scale: int, target: Path, config: EncodeConfig) -> Encoding:
    """Decides how to encode a film that is written to `target`.

    Raises:
        InputError: The target's container or the codec cannot hold the film.
    """
    suffix = target.suffix.lower()
    if suffix not in CONTAINERS:
        raise InputError(f"output must end in one of {', '.join(CONTAINERS)}, got {target}")
    codec = config.codec or ("prores" if film.alpha else "hevc" if film.depth > 8 else "h264")
    if film.alpha and codec != "prores":
        raise InputError(f"{codec} cannot hold the film's transparency, prores can")
    if codec == "prores" and CONTAINERS[suffix] == "mp4":
        why = "transparency as ProRes 4444" if film.alpha else "ProRes"
        raise InputError(f"{suffix} cannot hold {why}; write .mov or .mkv instead of {target}")
    if codec == "prores" and config.crf is not None:
        raise InputError("ProRes, which is for transparency, has no crf")
    return Encoding(
        film=film,
        scale=scale,
        codec=codec,
        pixels=_pixels(film, codec),
        options=_options(film, codec, config.crf),
    )


def _pixels(film: Film, codec: str) -> str:
    if codec == "prores":
        return "yuva444p10le" if film.alpha else "yuv444p10le"
    return "yuv420p10le" if film.depth > 8 else "yuv420p"


def _options(film: Film, codec: str, crf: int | None) -> dict[str, str]:
    if codec == "prores":
        return {"profile": "4444", "alpha_bits": "16"}
    options = {"crf": str(_CRF[codec] if crf is None else crf)}
    light = {"cll" if codec == "h264" else "max-cll": film.light_levels}
    display = {"mastering-display" if codec == "h264" else "master-display": film.mastering_display}
    hdr = {name: value for name, value in (light | display).items() if value}
    if codec == "h264":
        # The short look-ahead bounds the encoder's memory: the usual 40 frames are nearly 1 GB at
        # 5120 x 2880.
        options |= {"preset": "medium", "rc-lookahead": "10"}
        return options | ({"x264-params": _joined(hdr)} if hdr else {})
    # "fast", chosen here, because x265 is several times slower than x264 at the same preset.
    quiet = {"log-level": "none", "open-gop": "0", "rc-lookahead": "10"}
    return options | {"preset": "fast", "x265-params": _joined(quiet | hdr)}


def _joined(parameters: dict[str, str]) -> str:
    return ":".join(f"{name}={value}" for name, value in parameters.items())


def open_encoder(encoding: Encoding) -> "av.VideoCodecContext":
    """A fresh encoder that keeps its headers apart from its packets.

    Raises:
        InputError: The encoder does not take these sizes.
    """
    context = av.VideoCodecContext.create(_ENCODERS[encoding.codec], "w")
    context.flags |= av.codec.context.Flags.global_header
    context.framerate = encoding.film.rate
    context.options = dict(encoding.options)
    _set_up(context, encoding)
    try:
        context.open()
    except av.FFmpegError as error:
        raise _refused(encoding, error) from error
    return context


def add_picture(outlet: "av.container.OutputContainer", encoding: Encoding) -> "av.VideoStream":
    """Adds a stream for the packets of `open_encoder`'s encoders.

    It has an encoder of its own, which is never given a frame: opening it fills in the headers.
    """
    name = _ENCODERS[encoding.codec]
    stream = outlet.add_stream(name, rate=encoding.film.rate, options=dict(encoding.options))
    assert isinstance(stream, av.VideoStream)
    _set_up(stream.codec_context, encoding)
    stream.time_base = encoding.film.time_base
    if encoding.codec == "hevc" and outlet.format.name != "matroska":
        stream.codec_context.codec_tag = "hvc1"  # Apple's players know no other
    if encoding.film.rotation:
        stream.set_display_rotation(encoding.film.rotation)
    return stream


def _set_up(context: "av.VideoCodecContext", encoding: Encoding) -> None:
    film = encoding.film
    context.width, context.height = film.width * encoding.scale, film.height * encoding.scale
    context.pix_fmt = encoding.pixels
    context.time_base = film.time_base
    if film.pixel_aspect:
        context.sample_aspect_ratio = film.pixel_aspect
    context.colorspace = film.matrix_tag
    context.color_primaries = film.primaries_tag
    context.color_trc = film.transfer_tag
    context.color_range = _LIMITED


def _refused(encoding: Encoding, error: "av.FFmpegError") -> InputError:
    width, height = encoding.film.width * encoding.scale, encoding.film.height * encoding.scale
    why = "no memory" if error.errno == errno.ENOMEM else str(error)
    return InputError(f"{encoding.codec} does not encode {width}x{height} pixels: {why}")
