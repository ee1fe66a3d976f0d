"""One writer at a time: on a disk by a lock, on an object store by a lease that is renewed."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid

import pytest

import hdvg.claim as module
from hdvg.claim import LEASE_FILE, claim, is_claimed
from hdvg.errors import InputError
from hdvg.storage import Storage


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    monkeypatch.setattr(module, "SILENCE_S", 0.5)


@pytest.fixture(params=["local", "remote"])
def storage(request, tmp_path):
    if request.param == "local":
        (tmp_path / "data").mkdir()
        (tmp_path / "data/dataset.json").touch()
        return Storage(tmp_path / "data")
    return Storage(f"memory://bucket-{uuid.uuid4().hex}/data")


def test_a_claim_is_known_by_its_owner_and_ends_with_the_block(storage):
    assert not is_claimed(storage)
    with claim(storage) as owner:
        assert is_claimed(storage)
        assert is_claimed(storage, owner)
        assert not is_claimed(storage, "somebody else")
    assert not is_claimed(storage)
    assert not is_claimed(storage, owner)


def test_a_second_claim_is_refused_and_the_first_goes_on(storage):
    with claim(storage) as owner:
        with pytest.raises(InputError, match="another process is at work on"), claim(storage):
            pass
        assert is_claimed(storage, owner)


def test_a_later_claim_is_not_the_earlier_one(storage):
    """A worker that outlives its build must not commit for the next one."""
    with claim(storage) as first:
        pass
    with claim(storage) as second:
        assert first != second
        assert not is_claimed(storage, first)


def test_nothing_is_left_of_a_lease():
    storage = Storage(f"memory://bucket-{uuid.uuid4().hex}/data")
    with claim(storage):
        assert storage.exists(LEASE_FILE)
    assert not storage.exists(LEASE_FILE)


def test_a_lease_that_is_not_renewed_is_dead_and_taken_over():
    storage = Storage(f"memory://bucket-{uuid.uuid4().hex}/data")
    storage.write_bytes(LEASE_FILE, json.dumps({"owner": "killed", "beat": 7}).encode())
    assert not is_claimed(storage, "killed")
    started_s = time.monotonic()
    with claim(storage) as owner:
        assert time.monotonic() - started_s >= 0.5
        assert is_claimed(storage, owner)


def test_an_owner_whose_lease_was_taken_stops_renewing_it():
    storage = Storage(f"memory://bucket-{uuid.uuid4().hex}/data")
    with claim(storage) as owner:
        storage.write_bytes(LEASE_FILE, json.dumps({"owner": "thief", "beat": 0}).encode())
        assert not is_claimed(storage, owner)
        time.sleep(0.2)
        assert json.loads(storage.read_bytes(LEASE_FILE))["owner"] == "thief"
    assert storage.exists(LEASE_FILE)  # it is not ours to remove


def test_a_killed_owner_s_lock_does_not_speak_for_the_next(tmp_path):
    code = (
        "import os, sys, time\nfrom hdvg.claim import claim\nfrom hdvg.storage import Storage\n"
        "with claim(Storage(sys.argv[1])) as owner:\n"
        "    open(sys.argv[1] + '/dataset.json', 'w').close()\n"
        "    print(owner, flush=True); time.sleep(60)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    owner = child.stdout.readline().strip()
    storage = Storage(tmp_path)
    assert is_claimed(storage, owner)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert not is_claimed(storage, owner)
    with claim(storage):
        assert not is_claimed(storage, owner)
