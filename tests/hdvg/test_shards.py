"""Shards against the standard library's tarfile, and against tampering."""

import hashlib
import io
import os
import tarfile
import time

import pytest

from hdvg.errors import InputError
from hdvg.shards import TarWriter, pack, read_member, read_members
from hdvg.storage import Storage

SIZES = [0, 1, 511, 512, 513, 100_000]
PAYLOADS = {f"clip_{size}.mp4": os.urandom(size) for size in SIZES}


def test_tarfile_reads_every_member_and_offsets_point_at_the_payloads():
    content, members = pack(PAYLOADS)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
        infos = {info.name: info for info in tar}
        assert list(infos) == list(PAYLOADS)
        for name, payload in PAYLOADS.items():
            file = tar.extractfile(name)
            assert file is not None
            assert file.read() == payload
            member = members[name]
            assert infos[name].offset_data == member.offset
            assert content[member.offset : member.offset + member.nbytes] == payload
            assert member.sha256 == hashlib.sha256(payload).hexdigest()


def test_bytes_depend_on_the_members_alone(monkeypatch):
    first, _ = pack(PAYLOADS)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    assert pack(PAYLOADS)[0] == first
    with tarfile.open(fileobj=io.BytesIO(first)) as tar:
        headers = {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in tar}
    assert headers == {(0, 0, 0, "", "", 0o644)}


def test_a_tar_cut_short_by_an_error_is_not_ended():
    file = io.BytesIO()

    def fail():
        with TarWriter(file) as tar:
            tar.add("a.mp4", b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert len(file.getvalue()) == 1024


@pytest.mark.parametrize("name", ["", "../a", "a/b", "a\\b", ".a", "ä.mp4", "x" * 101])
def test_names_that_a_header_or_an_extraction_cannot_hold_are_refused(name):
    with pytest.raises(ValueError, match="member name"):
        TarWriter(io.BytesIO()).add(name, b"")


def test_the_same_name_twice_is_refused():
    tar = TarWriter(io.BytesIO())
    tar.add("a.mp4", b"1")
    with pytest.raises(ValueError, match=r"'a\.mp4'"):
        tar.add("a.mp4", b"2")


def test_read_member_checks_the_digest(tmp_path):
    storage = Storage(tmp_path)
    content, members = pack({"a.mp4": b"first", "b.mp4": b"second"})
    storage.write_bytes("media/u0.tar", content)
    member = members["b.mp4"]
    where = (storage, "media/u0.tar", member.offset, member.nbytes)
    assert read_member(*where, member.sha256) == b"second"
    damaged = bytearray(content)
    damaged[member.offset] ^= 1
    storage.write_bytes("media/u0.tar", bytes(damaged))
    with pytest.raises(InputError, match=r"media/u0\.tar: bytes at \d+ do not match"):
        read_member(*where, member.sha256)
    assert read_member(*where) == b"recond"


def test_read_members_is_the_whole_shard(tmp_path):
    storage = Storage(tmp_path)
    storage.write_bytes("keyframes/u0.tar", pack(PAYLOADS)[0])
    assert read_members(storage, "keyframes/u0.tar") == PAYLOADS
    storage.write_bytes("keyframes/u1.tar", b"no tar at all" * 100)
    with pytest.raises(InputError, match=r"not a tar: .*u1\.tar"):
        read_members(storage, "keyframes/u1.tar")
