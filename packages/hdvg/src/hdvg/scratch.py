"""Work folders on the local disk that do not outlive their owner, even one killed with SIGKILL."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from hdvg.errors import InputError

_LOCK = ".lock"
# An owner locks its folder in the line after making it.
_LOCKED_WITHIN_S = 10.0


@contextmanager
def scratch_folder(kind: str) -> Iterator[Path]:
    """An empty folder that is removed at the end.

    Its owner holds a lock in it, which the kernel drops when the owner dies. Folders found
    without a living owner are removed first.

    Args:
        kind: First part of the folder's name; short, because socket paths have a limit.
    """
    base = Path(tempfile.gettempdir()) / f"hdvg-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    remove_orphans(base)
    folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=base))
    with (folder / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def remove_orphans(base: Path) -> int:
    """Removes the folders in `base` that nobody holds and returns how many there were."""
    removed = 0
    for lock in base.glob(f"*/{_LOCK}"):
        try:
            with lock.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
                removed += 1
        except OSError:
            continue  # held by its owner, or just removed by another janitor
    return removed + _remove_unlocked(base)


def _remove_unlocked(base: Path) -> int:
    """Removes folders without a lock that nobody can be about to lock.

    Ray's agents outlive a killed driver by up to a minute and write into its folder again, after it
    was removed with its lock.
    """
    removed = 0
    for folder in base.iterdir():
        with suppress(OSError):  # another janitor was here first
            age_s = time.time() - folder.stat().st_mtime
            if folder.is_dir() and not (folder / _LOCK).exists() and age_s > _LOCKED_WITHIN_S:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


@contextmanager
def hold(folder: Path, keep: str, owner: str = "") -> Iterator[None]:
    """Makes this process the only one to write a folder.

    The lock is the kernel's, so that it ends with the process, however that ends.

    Args:
        folder: Made if it is missing.
        keep: Name of the file that shows that the folder came into use; without it the lock and
            a folder made here are removed again.
        owner: What `is_held` may ask for, to tell this process from a later one.

    Raises:
        InputError: Another process holds the folder, or it cannot be made.
    """
    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file: IO[str] = (folder / _LOCK).open("a")
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise InputError(f"another process is at work on {folder}") from error
            try:
                (folder / _LOCK).write_text(owner)
                yield
            finally:
                if not (folder / keep).exists():
                    (folder / _LOCK).unlink(missing_ok=True)
    finally:
        if made and folder.exists() and not any(folder.iterdir()):
            folder.rmdir()


def is_held(folder: Path, owner: str = "") -> bool:
    """Whether a living process holds a folder by `hold`: that owner, or with "" any."""
    try:
        with (folder / _LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return owner in ("", file.read())
    except FileNotFoundError:
        return False
    return False
