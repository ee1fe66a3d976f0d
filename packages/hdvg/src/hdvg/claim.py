"""Who may write a dataset: one process at a time, and only as long as it lives.

On a disk that is a lock of the kernel's, which ends with its owner. An object store has no locks;
there the owner keeps an object up to date, its lease. Nobody's clock is compared with anybody
else's: an owner is alive if its lease is seen to change.
"""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import NamedTuple

from hdvg.dataset_folder import DATASET_FILE
from hdvg.errors import InputError
from hdvg.scratch import hold, is_held
from hdvg.storage import MissingFileError, Storage

LEASE_FILE = "lease.json"
# A renewal is one small write, some 10 to 100 ms on a store; ten of them may fail in a row before
# the owner counts as dead, which is also how long a build waits after one that was killed.
BEAT_S = 1.0
SILENCE_S = 10.0


class _Lease(NamedTuple):
    """The content of the lease: whose it is, and a number that grows while the owner lives."""

    owner: str
    beat: int


@contextmanager
def claim(storage: Storage) -> Iterator[str]:
    """Makes this process the only one to write a dataset; yields what its workers know it by.

    Raises:
        InputError: Another process is at work on it.
    """
    owner = uuid.uuid4().hex
    if storage.is_local:
        with hold(Path(storage.root), keep=DATASET_FILE, owner=owner):
            yield owner
        return
    _wait_for_silence(storage)
    _write(storage, _Lease(owner, 0))
    stop = Event()
    thread = Thread(target=_renew, args=(storage, owner, stop), daemon=True)
    thread.start()
    try:
        yield owner
    finally:
        stop.set()
        thread.join()
        if (found := _read(storage)) is not None and found.owner == owner:
            storage.remove(LEASE_FILE)


def is_claimed(storage: Storage, owner: str = "") -> bool:
    """Whether the process that claimed a dataset is alive at some moment after this call began.

    Args:
        storage: The dataset. On an object store the answer takes until the next renewal.
        owner: What its `claim` yielded; "" asks for whoever holds it.
    """
    if storage.is_local:
        return is_held(Path(storage.root), owner)
    first = _read(storage)
    if first is None or owner not in ("", first.owner):
        return False
    later = _watch(storage, first)
    return later is not None and later.owner == first.owner and later.beat != first.beat


def _wait_for_silence(storage: Storage) -> None:
    """Returns when there is no lease, or one that has not changed for long enough."""
    first = _read(storage)
    later = _watch(storage, first) if first else None
    if later is not None and later != first:
        raise InputError(f"another process is at work on {storage.root}")


def _watch(storage: Storage, first: _Lease) -> _Lease | None:
    """The lease as soon as it differs from `first`, or as it is after the time of silence."""
    deadline_s = time.monotonic() + SILENCE_S
    while (found := _read(storage)) == first and time.monotonic() < deadline_s:
        time.sleep(BEAT_S / 4)
    return found


def _renew(storage: Storage, owner: str, stop: Event) -> None:
    """Keeps the lease alive until told to stop, or until somebody else has taken it."""
    beat = 0
    while not stop.wait(BEAT_S):
        try:
            if _read(storage) != _Lease(owner, beat):
                return
            _write(storage, _Lease(owner, beat + 1))
        except InputError:  # the store did not answer; silence is what others make of it
            continue
        beat += 1


def _read(storage: Storage) -> _Lease | None:
    try:
        return _Lease(**json.loads(storage.read_bytes(LEASE_FILE)))
    except MissingFileError:
        return None


def _write(storage: Storage, lease: _Lease) -> None:
    storage.write_bytes(LEASE_FILE, json.dumps(lease._asdict()).encode())
