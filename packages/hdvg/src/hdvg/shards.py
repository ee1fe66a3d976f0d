"""Tar shards with random access: a member is found by its offset and size, without an index.

The tars are plain USTAR that any tool can read. Their bytes depend on the members alone: owner,
mode and time in the headers are fixed, so that the same work done twice gives the same file.
"""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from typing import Protocol

from hdvg.errors import InputError
from hdvg.storage import DamagedFileError, Storage

_BLOCK = 512  # POSIX.1-1988 ustar: headers and payloads are aligned to it
_NAME_LIMIT = 100  # longer names would need a second header, and offsets an index


class Writable(Protocol):
    """All that `TarWriter` asks of a file."""

    def write(self, data: bytes, /) -> int:
        """Appends `data`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Member:
    """Where a payload lies in its shard."""

    offset: int
    """Bytes from the start of the tar to the payload's first byte."""
    nbytes: int
    """Payload size in bytes."""
    sha256: str
    """Hex digest of the payload."""


class TarWriter:
    """Appends members to a tar that is written strictly forward; close it, or use `with`."""

    def __init__(self, file: Writable) -> None:
        self._file = file
        self._position = 0
        self._names: set[str] = set()

    def __enter__(self) -> "TarWriter":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()

    def add(self, name: str, payload: bytes) -> Member:
        """Appends one file.

        Args:
            name: Its name in the tar: at most 100 ASCII characters, no folder, not used before.
            payload: Its content.

        Returns:
            Where the payload lies.

        Raises:
            ValueError: A name that a tar header or a safe extraction cannot hold.
        """
        plain = name.isascii() and 0 < len(name) <= _NAME_LIMIT and not name.startswith(".")
        if not plain or "/" in name or "\\" in name or name in self._names:
            raise ValueError(f"not a usable, fresh member name: {name!r}")
        self._names.add(name)
        info = tarfile.TarInfo(name)
        info.size = len(payload)
        info.mode = 0o644
        self._put(info.tobuf(tarfile.USTAR_FORMAT))
        offset = self._position
        self._put(payload)
        self._put(bytes(-len(payload) % _BLOCK))
        digest = hashlib.sha256(payload).hexdigest()
        return Member(offset=offset, nbytes=len(payload), sha256=digest)

    def close(self) -> None:
        """Writes the two empty blocks that end a tar; the file itself stays open."""
        self._put(bytes(2 * _BLOCK))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._position += len(data)


def read_member(
    storage: Storage, shard: str, offset: int, nbytes: int, sha256: str | None = None
) -> bytes:
    """Reads one payload.

    Args:
        storage: Where the shard lies.
        shard: Its name in the storage, as in the clips table.
        offset: As in `Member`.
        nbytes: As in `Member`.
        sha256: When given, the payload must have this digest.

    Raises:
        MissingFileError: There is no such shard.
        DamagedFileError: It is too short, or its bytes are not the ones recorded.
    """
    payload = storage.read_range(shard, offset, nbytes)
    if sha256 is not None and hashlib.sha256(payload).hexdigest() != sha256:
        raise DamagedFileError(
            f"{storage.root}/{shard}: bytes at {offset} do not match their sha256"
        )
    return payload


def read_members(storage: Storage, shard: str) -> dict[str, bytes]:
    """Every payload of a shard that fits into memory, such as one of keyframes, by member name.

    Raises:
        InputError: The shard is missing or is no tar.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(storage.read_bytes(shard)), mode="r:") as tar:
            found = {info.name: tar.extractfile(info) for info in tar if info.isreg()}
            return {name: file.read() for name, file in found.items() if file is not None}
    except tarfile.TarError as error:
        raise InputError(f"not a tar: {storage.root}/{shard} ({error})") from error


def pack(payloads: dict[str, bytes]) -> tuple[bytes, dict[str, Member]]:
    """Makes a small tar in memory and says where each payload lies in it."""
    file = io.BytesIO()
    with TarWriter(file) as tar:
        members = {name: tar.add(name, payload) for name, payload in payloads.items()}
    return file.getvalue(), members
