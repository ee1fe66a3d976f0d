"""What is done of a film, in one file that grows: encoded packets, in segments that stand alone.

A segment counts once its end is written, with a checksum, and the disk has it. Whatever else lies
at the end of the file, after a kill or a power cut, is cut off when the work goes on. A second
file, whose name ends in the number of frames, has what else must be known then: the memory.

Layout: `_MAGIC`, then records. A record is its kind and size, then as many bytes: first the
identity (JSON), then for each segment its packets (pts, duration, keyframe, data) and its end
(number of frames, CRC-32 of the packets and of that number).
"""

import fcntl
import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hdvg.errors import InputError

_MAGIC = b"vfsr packets 1\n"
_RECORD = struct.Struct("<cQ")
_PACKET = struct.Struct("<qq?")
_END = struct.Struct("<QI")


@dataclass(frozen=True)
class LoggedPacket:
    """One encoded frame.

    Attributes:
        pts: When it is shown, in units of the film's time base.
        duration: For how long, in the same units.
        is_keyframe: Whether decoding may begin here.
        data: The encoder's bytes.
    """

    pts: int
    duration: int
    is_keyframe: bool
    data: bytes


class PacketLog:
    """The file; one process at a time has it open."""

    def __init__(self, path: Path, file: IO[bytes], num_frames: int) -> None:
        self.path = path
        self.num_frames = num_frames
        """Frames in finished segments."""
        self._file = file
        self._crc = 0

    @classmethod
    def begin(cls, path: Path, identity: dict[str, object]) -> "PacketLog":
        """Starts a new one in the place of any other.

        Args:
            path: Where; its folder exists.
            identity: What must be the same when the work goes on; JSON takes it.

        Raises:
            InputError: Another process has the file open.
        """
        file = _locked(path, "a+b")
        file.truncate(0)
        file.write(_MAGIC)
        _write(file, b"I", json.dumps(identity).encode())
        _sync(file)
        return cls(path, file, 0)

    @classmethod
    def resume(cls, path: Path, identity: dict[str, object]) -> "PacketLog":
        """Goes on with one, after its last finished segment.

        Raises:
            InputError: It is damaged, belongs to other work, or another process has it open.
        """
        file = _locked(path, "r+b")
        try:
            _check_identity(path, file, identity)
            num_frames, end = _measure(file)
        except BaseException:
            file.close()
            raise
        file.truncate(end)
        file.seek(end)
        return cls(path, file, num_frames)

    def append(self, packet: LoggedPacket) -> None:
        """Adds a packet, in the order of decoding."""
        fields = _PACKET.pack(packet.pts, packet.duration, packet.is_keyframe)
        self._crc = zlib.crc32(packet.data, zlib.crc32(fields, self._crc))
        _write(self._file, b"P", fields, packet.data)

    def end_segment(self, num_frames: int, memory: bytes = b"") -> None:
        """Makes the packets since the last end count, once the disk has them and the memory."""
        before, after = self.num_frames, self.num_frames + num_frames
        if memory:
            with self._memory_path(after).open("wb") as file:
                file.write(memory)
                _sync(file)
        _write(self._file, b"E", _end(num_frames, self._crc))
        _sync(self._file)
        self._crc = 0
        self.num_frames = after
        self._memory_path(before).unlink(missing_ok=True)

    def memory(self) -> bytes:
        """What `end_segment` was given last; empty if nothing."""
        path = self._memory_path(self.num_frames)
        return path.read_bytes() if path.exists() else b""

    def _memory_path(self, num_frames: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{num_frames}")

    def segments(self) -> Iterator[list[LoggedPacket]]:
        """The finished segments, read from the disk one at a time."""
        with self.path.open("rb") as file:
            file.seek(len(_MAGIC))
            _read(file)
            left = self.num_frames
            while left:
                packets, count, _ = _read_segment(file)
                left -= count
                yield packets

    def close(self) -> None:
        """Leaves the file for another time."""
        # What a full disk did not take is no part of a finished segment.
        with suppress(OSError):
            self._file.close()

    def discard(self) -> None:
        """Removes the file."""
        _remove(self.path)
        self.num_frames = 0
        self.close()


def _remove(path: Path) -> None:
    """A log and its memories, the one that a kill may have left behind too."""
    path.unlink(missing_ok=True)
    for other in path.parent.iterdir():
        if other.name.startswith(f"{path.name}.") and other.suffix[1:].isdecimal():
            other.unlink()


def count_finished(path: Path) -> int:
    """Frames in the finished segments of a log, 0 if there is none or nothing can be made of it."""
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                return 0
            _read(file)
            return _measure(file)[0]
    except (OSError, EOFError):
        return 0


def _locked(path: Path, mode: str) -> IO[bytes]:
    file: IO[bytes] = path.open(mode)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise InputError(f"another process is at work on {path}") from error
    return file


def _check_identity(path: Path, file: IO[bytes], identity: dict[str, object]) -> None:
    try:
        known = file.read(len(_MAGIC)) == _MAGIC
        found = json.loads(_read(file)[1]) if known else None
    except (EOFError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise InputError(f"{path} is not the beginning of an upscaled film; remove it")
    # As JSON has them: tuples are lists there.
    for name, value in json.loads(json.dumps(identity)).items():
        if found.get(name) != value:
            raise InputError(f"{path} was begun with another {name}; --overwrite starts again")


def _measure(file: IO[bytes]) -> tuple[int, int]:
    """Number of frames in finished segments from here on, and where they end in the file."""
    num_frames, end = 0, file.tell()
    while True:
        try:
            _, count, is_sound = _read_segment(file)
        except EOFError:
            return num_frames, end
        if not is_sound:
            return num_frames, end
        num_frames += count
        end = file.tell()


def _read_segment(file: IO[bytes]) -> tuple[list[LoggedPacket], int, bool]:
    """A segment's packets, its number of frames, and whether the checksum holds."""
    packets: list[LoggedPacket] = []
    crc = 0
    while True:
        kind, data = _read(file)
        if kind == b"E" and len(data) == _END.size:
            count, _ = _END.unpack(data)
            return packets, count, data == _end(count, crc)
        if kind != b"P" or len(data) < _PACKET.size:
            raise EOFError
        crc = zlib.crc32(data, crc)
        pts, duration, is_keyframe = _PACKET.unpack_from(data)
        packets.append(LoggedPacket(pts, duration, is_keyframe, data[_PACKET.size :]))


def _end(num_frames: int, crc: int) -> bytes:
    """A segment's end, whose checksum covers the number of frames too."""
    return _END.pack(num_frames, zlib.crc32(num_frames.to_bytes(8, "little"), crc))


def _write(file: IO[bytes], kind: bytes, *parts: bytes) -> None:
    file.write(_RECORD.pack(kind, sum(map(len, parts))))
    for part in parts:
        file.write(part)


def _read(file: IO[bytes]) -> tuple[bytes, bytes]:
    """The next record's kind and data; EOFError if it is not whole."""
    head = file.read(_RECORD.size)
    if len(head) < _RECORD.size:
        raise EOFError
    kind, size = _RECORD.unpack(head)
    if size > os.fstat(file.fileno()).st_size - file.tell():
        raise EOFError
    return kind, file.read(size)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
