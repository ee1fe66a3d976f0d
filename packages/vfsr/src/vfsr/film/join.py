"""Puts the upscaled picture and everything else of the film into the result, without encoding."""

import io
from array import array
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from pathlib import Path

import av

from hdvg.errors import InputError
from hdvg.video import open_media
from vfsr.film.decode_times import decode_times, needed_delay
from vfsr.film.describe import find_picture
from vfsr.film.encoding import CONTAINERS, Encoding, add_picture
from vfsr.film.other_streams import OtherStreams, add_streams, other_packets, stream_tags
from vfsr.film.packet_log import PacketLog

# Of the container, and rewritten or wrong in the new one.
_CONTAINER_TAGS = ("major_brand", "minor_version", "compatible_brands", "encoder")


# Enough to meet each stream's first packets, where muxers find most faults.
_REHEARSED = 64


def rehearse(encoding: Encoding, source: Path, others: OtherStreams, target: Path) -> None:
    """Begins the result in memory, without its picture, to learn now what `join` would meet.

    Raises:
        InputError: The container cannot hold what it was given.
    """
    try:
        with (
            open_media(source) as inlet,
            av.open(io.BytesIO(), "w", format=CONTAINERS[target.suffix.lower()]) as outlet,
        ):
            _, twins = _begin(outlet, inlet, encoding, source, others)
            outlet.start_encoding()
            outlet.mux(list(islice(other_packets(inlet, twins), _REHEARSED)))
    except (ValueError, av.FFmpegError) as error:
        raise InputError(f"{target.suffix} cannot hold {source}: {error}") from error


def join(
    log: PacketLog, encoding: Encoding, source: Path, others: OtherStreams, target: Path
) -> None:
    """Writes `target`: the log's packets, and the source's other streams, tags and chapters.

    Raises:
        av.FFmpegError: The container cannot hold what it was given, or the disk is full.
    """
    container = CONTAINERS[target.suffix.lower()]
    options = {} if container == "matroska" else {"movflags": "faststart"}
    with (
        open_media(source) as inlet,
        # As an absolute path, because "a:b.mp4" would be a protocol.
        av.open(str(target.absolute()), "w", format=container, options=options) as outlet,
    ):
        picture, twins = _begin(outlet, inlet, encoding, source, others)
        pictures = _picture_packets(log, encoding, picture)
        for packet in merge(pictures, other_packets(inlet, twins), key=_decode_s):
            outlet.mux(packet)


def _begin(
    outlet: "av.container.OutputContainer",
    inlet: "av.container.InputContainer",
    encoding: Encoding,
    source: Path,
    others: OtherStreams,
) -> "tuple[av.VideoStream, dict[int, av.stream.Stream]]":
    """Everything but packets; returns the picture and the streams that await others' packets."""
    original = find_picture(inlet, source)
    picture = add_picture(outlet, encoding)
    picture.metadata.update(stream_tags(original))
    picture.disposition = original.disposition
    twins = add_streams(outlet, source, inlet, others.copied)
    for name, value in inlet.metadata.items():
        if name not in _CONTAINER_TAGS:
            outlet.metadata[name] = value
    outlet.set_chapters(inlet.chapters())
    return picture, twins


def _picture_packets(
    log: PacketLog, encoding: Encoding, stream: "av.VideoStream"
) -> Iterator["av.Packet"]:
    order = [array("q", (packet.pts for packet in segment)) for segment in log.segments()]
    times = decode_times(order, max(map(needed_delay, order), default=0))
    for segment in log.segments():
        for logged in segment:
            packet = av.Packet(logged.data)
            packet.stream = stream
            packet.time_base = encoding.film.time_base
            packet.pts, packet.dts = logged.pts, next(times)
            packet.duration = logged.duration
            packet.is_keyframe = logged.is_keyframe
            yield packet


def _decode_s(packet: "av.Packet") -> float:
    assert packet.dts is not None
    return float(packet.dts * packet.time_base)
