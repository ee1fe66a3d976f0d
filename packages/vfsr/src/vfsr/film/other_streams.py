"""Everything in a film's file beside its picture: sound, subtitles, covers, fonts, data.

Packets are copied as they are. Sound and subtitles that the new container cannot hold are refused,
because a film without them is not the same film; anything else is left out by name.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from hdvg.errors import InputError
from hdvg.video import open_media
from vfsr.film.describe import find_picture, is_cover
from vfsr.film.encoding import CONTAINERS

_ESSENTIAL = ("audio", "subtitle")
_IMAGES = {"mjpeg": ("jpg", "image/jpeg"), "png": ("png", "image/png")}
# Statistics of a stream that Matroska's tools write and that its packets no longer bear out.
_STATISTICS = ("BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_")
_OF_THE_ENCODING = ("encoder", "vendor_id", "alpha_mode")


@dataclass(frozen=True)
class OtherStreams:
    """Which streams go along.

    Attributes:
        copied: Their numbers in the source.
        notes: A line for each that does not.
    """

    copied: frozenset[int]
    notes: tuple[str, ...]


def choose_streams(source: Path, target: Path) -> OtherStreams:
    """Tries each stream of the source in the target's container.

    Raises:
        InputError: It cannot hold a sound or subtitle stream.
    """
    copied: set[int] = set()
    notes: list[str] = []
    with open_media(source) as inlet:
        picture = find_picture(inlet, source)
        for stream in inlet.streams:
            if stream.index == picture.index or _is_written_anyway(stream, inlet):
                continue
            name = f"{stream.type} stream {stream.index} ({_codec(stream)})"
            if _fits(source, inlet, stream, target):
                copied.add(stream.index)
            elif stream.type in _ESSENTIAL:
                raise InputError(
                    f"{target.suffix} cannot hold {name} of {source}; {_advice(target)}"
                )
            else:
                notes.append(f"left out {name}, which {target.suffix} cannot hold")
            if stream.type == "video" and not is_cover(stream) and stream.index in copied:
                notes.append(f"copied {name} as it is, not upscaled")
    return OtherStreams(frozenset(copied), tuple(notes))


def add_streams(
    outlet: "av.container.OutputContainer",
    source: Path,
    inlet: "av.container.InputContainer",
    chosen: frozenset[int],
) -> dict[int, "av.stream.Stream"]:
    """Adds the chosen streams; returns those that await packets, by their number in the source."""
    added = {}
    for stream in inlet.streams:
        if stream.index in chosen:
            twin = _add(outlet, source, stream)
            if twin is not None:
                added[stream.index] = twin
    return added


def other_packets(
    inlet: "av.container.InputContainer", twins: dict[int, "av.stream.Stream"]
) -> Iterator["av.Packet"]:
    """The packets of the copied streams, in the order of the source, for the result's streams.

    A file that breaks off ends here too.
    """
    packets = inlet.demux([inlet.streams[index] for index in twins]) if twins else iter(())
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        if packet.size == 0 and packet.pts is None:  # the demuxer's end mark
            continue
        if packet.dts is None:
            packet.dts = 0 if packet.pts is None else packet.pts  # covers carry no time at all
        packet.stream = twins[packet.stream.index]
        yield packet


def stream_tags(stream: "av.stream.Stream") -> dict[str, str]:
    """Language, title and the like."""
    return {
        name: value
        for name, value in stream.metadata.items()
        if not name.upper().startswith(_STATISTICS) and name.lower() not in _OF_THE_ENCODING
    }


def _is_written_anyway(stream: "av.stream.Stream", inlet: "av.container.InputContainer") -> bool:
    """Whether it only repeats the timecode, which is a tag of the picture too, or the chapters."""
    if stream.type != "data" or inlet.format.name.startswith("matroska"):
        return False
    titles = len(inlet.chapters())
    return "timecode" in stream.metadata or 0 < titles == stream.frames


def _codec(stream: "av.stream.Stream") -> str:
    if stream.codec_context is not None:
        return stream.codec_context.name
    named = (stream.metadata.get(name) for name in ("filename", "handler_name", "mimetype"))
    return next((name for name in named if name), "of a kind unknown")


def _advice(target: Path) -> str:
    return "write .mp4" if CONTAINERS[target.suffix.lower()] == "matroska" else "write .mkv"


def _fits(
    source: Path,
    inlet: "av.container.InputContainer",
    stream: "av.stream.Stream",
    target: Path,
) -> bool:
    """Whether a file of the target's kind with only this stream can be begun."""
    container = CONTAINERS[target.suffix.lower()]
    if container == "mov" and stream.type == "video" and is_cover(stream):
        return False  # FFmpeg takes it without a word and does not write it
    try:
        with av.open(io.BytesIO(), "w", format=container) as outlet:
            add_streams(outlet, source, inlet, frozenset([stream.index]))
            outlet.start_encoding()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _add(
    outlet: "av.container.OutputContainer", source: Path, stream: "av.stream.Stream"
) -> "av.stream.Stream | None":
    codec = stream.codec_context.name if stream.codec_context else None
    is_matroska = outlet.format.name == "matroska"
    if stream.type == "video" and is_cover(stream) and is_matroska and codec in _IMAGES:
        suffix, mime = _IMAGES[codec]
        outlet.add_attachment(f"cover.{suffix}", mime, _first_packet(source, stream.index))
        return None
    if codec is None:
        return outlet.add_stream_from_template(stream)
    twin = outlet.add_stream_from_template(stream, opaque=True)
    twin.metadata.update(stream_tags(stream))
    twin.disposition = stream.disposition
    return None if stream.type == "attachment" else twin


def _first_packet(source: Path, index: int) -> bytes:
    with open_media(source) as container:
        return bytes(next(container.demux([container.streams[index]])))
