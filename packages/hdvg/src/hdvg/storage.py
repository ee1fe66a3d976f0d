"""Where a dataset lies: a local folder or any fsspec URL (s3://, gs://, memory://), one interface.

A file appears under its name only when it is whole: locally through a temporary name, fsync and
rename; remotely through the store's own put, which is atomic per object. Names are relative to the
root, separated by "/", and can never climb out of it.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from hdvg.errors import InputError

_SAFE_PART = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._=-]*")
_PARTIAL = ".partial"
# Protocols of stores that have buckets and no folders.
_BUCKETS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "oci", "r2"})
# One request on an object store; what a shard of a gigabyte is read in.
_PIECE_BYTES = 16 * 2**20


class MissingFileError(InputError):
    """There is no file of that name; a store that does not answer is another matter."""


class DamagedFileError(InputError):
    """A file's content is not what was once written."""


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What was written under a name, so that a commit can vouch for it."""

    name: str
    """Path relative to the storage root."""
    nbytes: int
    """Size in bytes."""
    sha256: str
    """Hex digest of the content."""


@dataclass
class HashingWriter:
    """A write-only binary file that hashes and counts what passes; sequential writes only."""

    name: str
    file: IO[bytes]
    nbytes: int = 0
    _hash: Any = field(default_factory=hashlib.sha256)

    def write(self, data: bytes) -> int:
        """Appends `data` and returns its length."""
        self.file.write(data)
        self._hash.update(data)
        self.nbytes += len(data)
        return len(data)

    @property
    def record(self) -> FileRecord:
        """Size and digest of everything written so far."""
        return FileRecord(name=self.name, nbytes=self.nbytes, sha256=self._hash.hexdigest())


class Storage:
    """Files under one root. Cheap to pickle: a remote file system is opened lazily, per process."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = os.fspath(root)
        self.is_local = "://" not in self.root
        if self.is_local:
            self.root = str(Path(self.root).expanduser().absolute())
        self._opened: tuple[int, Any, str] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self.root, "is_local": self.is_local, "_opened": None}

    def __repr__(self) -> str:
        return f"Storage({self.root!r})"

    def exists(self, name: str) -> bool:
        """Whether a whole file stands under `name`."""
        if self.is_local:
            return self.local_path(name).is_file()
        system, path = self._remote(name)
        try:
            # Not `isfile`, to which a store that does not answer is one without the file.
            with self._answering():
                return bool(system.info(path)["type"] == "file")
        except FileNotFoundError:
            return False

    def size(self, name: str) -> int:
        """Size of a file in bytes. Raises InputError when it is missing."""
        with self._named(name):
            if self.is_local:
                return self.local_path(name).stat().st_size
            system, path = self._remote(name)
            return int(system.size(path))

    def list_files(self, folder: str, suffix: str = "") -> list[str]:
        """Sorted names (without the folder) of the whole files in `folder`; [] if there is none."""
        if self.is_local:
            path = self.local_path(folder)
            names = [p.name for p in path.iterdir() if p.is_file()] if path.is_dir() else []
        else:
            names = self._list_remote(folder, "file")
        return sorted(n for n in names if not n.startswith(".") and n.endswith(suffix))

    def list_folders(self, folder: str) -> list[str]:
        """Sorted names (without the parent) of the folders in `folder`; [] if there is none."""
        if self.is_local:
            path = self.local_path(folder)
            names = [p.name for p in path.iterdir() if p.is_dir()] if path.is_dir() else []
        else:
            names = self._list_remote(folder, "directory")
        return sorted(n for n in names if not n.startswith("."))

    def read_bytes(self, name: str) -> bytes:
        """The whole content of a file. Raises InputError when it is missing."""
        with self._named(name):
            if self.is_local:
                return self.local_path(name).read_bytes()
            system, path = self._remote(name)
            content: bytes = system.cat_file(path)
            return content

    def digest(self, name: str) -> str:
        """Hex SHA-256 of a file, read piece by piece. Raises InputError when it is missing."""
        left, offset = self.size(name), 0
        digest = hashlib.sha256()
        while left:
            piece = self.read_range(name, offset, min(left, _PIECE_BYTES))
            digest.update(piece)
            offset, left = offset + len(piece), left - len(piece)
        return digest.hexdigest()

    def read_range(self, name: str, offset: int, nbytes: int) -> bytes:
        """Exactly `nbytes` bytes from `offset`: one positioned read locally, one GET remotely.

        Raises:
            MissingFileError: There is no such file.
            DamagedFileError: It ends too early.
        """
        with self._named(name):
            if self.is_local:
                with self.local_path(name).open("rb", buffering=0) as file:
                    content = os.pread(file.fileno(), nbytes, offset)
            else:
                system, path = self._remote(name)
                content = system.cat_file(path, start=offset, end=offset + nbytes)
        if len(content) != nbytes:
            raise DamagedFileError(
                f"{self.root}/{name} ends too early: {len(content)} of {nbytes} bytes at {offset}"
            )
        return content

    @contextmanager
    def writing(self, name: str) -> Iterator[HashingWriter]:
        """Opens `name` for writing; it appears when the block ends, and never if it raises."""
        if self.is_local:
            target = self.local_path(name)
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.{os.getpid()}{_PARTIAL}")
            try:
                with partial.open("wb") as file:
                    yield HashingWriter(name, file)
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(target)
                _sync_folder(target.parent)
            finally:
                partial.unlink(missing_ok=True)
        else:
            system, path = self._remote(name)
            with tempfile.NamedTemporaryFile(suffix=_PARTIAL) as file:
                yield HashingWriter(name, file)
                file.flush()
                with self._named(name), self._answering():
                    # In a store of buckets there are no folders, and a bucket that is missing is
                    # a name that was mistyped.
                    if self.root.split("://")[0] not in _BUCKETS:
                        system.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
                    system.put_file(file.name, path)

    def write_bytes(self, name: str, content: bytes) -> FileRecord:
        """Writes a whole file at once."""
        with self.writing(name) as writer:
            writer.write(content)
        return writer.record

    def remove(self, name: str) -> None:
        """Removes a file; missing is fine."""
        if self.is_local:
            self.local_path(name).unlink(missing_ok=True)
        elif self.exists(name):
            system, path = self._remote(name)
            with self._answering():
                system.rm_file(path)

    def list_partials(self) -> list[str]:
        """Names of files that are being written, or whose writer was killed; local only, sorted."""
        root = Path(self.root)
        found = root.rglob(f".*{_PARTIAL}") if self.is_local else ()
        return sorted(path.relative_to(root).as_posix() for path in found)

    def remove_partials(self) -> int:
        """Removes what killed writers left (local only) and returns how many files that was.

        Only for the holder of the dataset's lock: it would also take a live writer's files.
        """
        leftovers = self.list_partials()
        for name in leftovers:
            Path(self.root, name).unlink(missing_ok=True)
        return len(leftovers)

    def local_path(self, name: str) -> Path:
        """The file's path on this machine; only for local roots."""
        assert self.is_local, f"{self.root} is not a local folder"
        return Path(self.root, *_checked(name))

    def _remote(self, name: str) -> tuple[Any, str]:
        parts = _checked(name)
        # A file system opened before a fork holds threads and sockets of the parent.
        if self._opened is None or self._opened[0] != os.getpid():
            self._opened = (os.getpid(), *_open_remote(self.root))
        _, system, base = self._opened
        return system, "/".join([base.rstrip("/"), *parts])

    def _list_remote(self, folder: str, kind: str) -> list[str]:
        system, path = self._remote(folder)
        try:
            # Not `isdir`, to which a store that does not answer is one without the folder.
            with self._answering():
                found = system.ls(path, detail=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [e["name"].rstrip("/").rsplit("/", 1)[-1] for e in found if e["type"] == kind]

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        try:
            with self._answering():
                yield
        except FileNotFoundError as error:
            raise MissingFileError(f"file not found: {self.root}/{name}") from error

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """Puts what goes wrong with a remote store into words; its libraries raise all kinds."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, InputError):
            raise
        except Exception as error:
            if self.is_local:
                raise
            kind = type(error).__name__
            raise InputError(f"{self.root} cannot be used: {kind}: {error}") from error


def check_name(name: str, what: str) -> str:
    """Returns `name` if it can stand as one part of a path: letters, digits and . _ = - only.

    Raises:
        InputError: Anything else, such as "", "..", "a/b".
    """
    if not _SAFE_PART.fullmatch(name):
        raise InputError(f"{what} may hold only letters, digits and . _ = -, got {name!r}")
    return name


def _checked(name: str) -> list[str]:
    return [check_name(part, "a part of a file name") for part in name.split("/")] if name else []


def _open_remote(root: str) -> tuple[Any, str]:
    import fsspec  # only remote roots pay for it

    opener: Callable[..., tuple[Any, str]] = fsspec.url_to_fs
    try:
        # Other processes write here too, so that what was listed before says nothing.
        return opener(root, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise InputError(f"cannot open {root}: {error}") from error


def _sync_folder(folder: Path) -> None:
    """Makes a rename durable: without it a power cut may bring the old name back."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
