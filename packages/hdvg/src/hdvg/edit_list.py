"""Which part of an MP4's only track is shown: the writer's and the reader's view of it.

FFmpeg's muxer writes an edit list that starts where timestamp 0 lies but ends with the last packet.
Packets that are there only to be decoded, at the end, would be shown. The durations are therefore
written over, in place: `elst`, `tkhd` and `mvhd` of ISO/IEC 14496-12 (8.6.6, 8.3.2, 8.2.2), each in
the movie's time scale. A decoder that follows edit lists only half is better off without one.
"""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# Offsets from the start of a box's payload, (version 0, version 1), and after them the size of the
# field. Before: version and flags, creation and modification time, track id or time scale.
_DURATION_AT = {b"mvhd": (16, 24), b"tkhd": (20, 28)}
_PARENTS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"})
_FORMATS = (">I", ">Q")
_ENTRY = (">Ii", ">Qq")


def show_only(path: Path, start: int, duration: int) -> None:
    """Limits what is shown of an MP4 with one track whose movie and track time scales are equal.

    Args:
        path: A file of FFmpeg's muxer, changed in place.
        start: First shown instant on the media's own timeline, which starts with the first
            packet's decoding time at 0, in ticks.
        duration: How long is shown, in ticks.
    """
    with path.open("r+b") as file:
        boxes = {kind: at for kind, at, _ in _walk(file, 0, path.stat().st_size)}
        for kind, places in _DURATION_AT.items():
            version = _version(file, boxes[kind])
            file.seek(boxes[kind] + places[version])
            file.write(struct.pack(_FORMATS[version], duration))
        version = _version(file, boxes[b"elst"])
        (entries,) = struct.unpack(">I", file.read(4))
        assert entries == 1, f"{entries} edits where timestamps start at or before 0"
        file.write(struct.pack(_ENTRY[version], duration, start))


def show_all(content: bytes) -> bytes:
    """The same MP4 without its edit list: every picture that can be decoded is shown.

    The box becomes free space, so that no offset moves.
    """
    file = io.BytesIO(content)
    places = [at - 4 for kind, at, _ in _walk(file, 0, len(content)) if kind == b"edts"]
    for place in places:
        file.seek(place)
        file.write(b"free")
    return file.getvalue() if places else content


def rename_sample_entry(path: Path, old: bytes, new: bytes) -> None:
    """Changes the kind of the track's sample entry (8.5.2), where the file has the old one."""
    with path.open("r+b") as file:
        for kind, at, _ in _walk(file, 0, path.stat().st_size):
            if kind == b"stsd":
                file.seek(at + 12)  # version and flags, number of entries, the entry's size
                if file.read(4) == old:
                    file.seek(at + 12)
                    file.write(new)


def _version(file: BinaryIO, at: int) -> int:
    """A full box's version; the file is left behind its version and flags."""
    file.seek(at)
    return file.read(4)[0]


def _walk(file: BinaryIO, at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the payload of each box, those inside others included."""
    while at + 8 <= end:
        file.seek(at)
        size, kind = struct.unpack(">I4s", file.read(8))
        header = 8
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
            header = 16
        yield kind, at + header, at + size
        if kind in _PARENTS:
            yield from _walk(file, at + header, at + size)
        at += max(size, header)
