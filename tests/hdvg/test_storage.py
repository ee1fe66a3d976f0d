"""Storage behaves the same on a disk and on an object store, and never shows half a file."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import uuid

import pytest
from fsspec.implementations.memory import MemoryFileSystem

import hdvg.storage as module
from hdvg.errors import InputError
from hdvg.storage import MissingFileError, Storage, check_name


@pytest.fixture(params=["local", "remote"])
def storage(request, tmp_path):
    if request.param == "local":
        return Storage(tmp_path / "data")
    return Storage(f"memory://bucket-{uuid.uuid4().hex}/data")


def test_what_was_written_is_read_back_with_its_size_and_digest(storage):
    content = os.urandom(10_000)
    record = storage.write_bytes("media/u0.tar", content)
    assert (record.name, record.nbytes) == ("media/u0.tar", 10_000)
    assert record.sha256 == hashlib.sha256(content).hexdigest()
    assert storage.read_bytes("media/u0.tar") == content
    assert storage.size("media/u0.tar") == 10_000


def test_a_range_is_exactly_these_bytes(storage):
    content = bytes(range(256))
    storage.write_bytes("a.bin", content)
    assert storage.read_range("a.bin", 17, 40) == content[17:57]
    assert storage.read_range("a.bin", 0, 256) == content


def test_a_range_past_the_end_is_refused_by_name(storage):
    storage.write_bytes("a.bin", b"12345")
    with pytest.raises(InputError, match=r"a\.bin ends too early: 2 of 4 bytes at 3"):
        storage.read_range("a.bin", 3, 4)


def test_missing_files_are_named(storage):
    assert not storage.exists("clips/u0.parquet")
    for read in (storage.read_bytes, storage.size, lambda n: storage.read_range(n, 0, 1)):
        with pytest.raises(InputError, match=r"file not found: .*clips/u0\.parquet"):
            read("clips/u0.parquet")


def test_listing_is_sorted_filtered_and_empty_without_a_folder(storage):
    assert storage.list_files("clips") == []
    assert storage.list_folders("captions") == []
    for name in ("clips/b.parquet", "clips/a.parquet", "clips/c.txt", "captions/alt/u.parquet"):
        storage.write_bytes(name, b"x")
    assert storage.list_files("clips", ".parquet") == ["a.parquet", "b.parquet"]
    assert storage.list_folders("captions") == ["alt"]
    assert storage.list_files("captions") == []


def test_a_file_appears_only_when_its_block_ends(storage):
    with storage.writing("a.bin") as writer:
        writer.write(b"12")
        assert not storage.exists("a.bin")
        assert storage.list_files("") == []
        writer.write(b"34")
    assert storage.read_bytes("a.bin") == b"1234"


def test_a_failed_write_leaves_nothing_and_keeps_the_old_content(storage):
    storage.write_bytes("a.bin", b"old")

    def fail():
        with storage.writing("a.bin") as writer:
            writer.write(b"new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert storage.read_bytes("a.bin") == b"old"
    assert storage.list_files("") == ["a.bin"]


def test_removing_is_fine_when_there_is_nothing(storage):
    storage.remove("a.bin")
    storage.write_bytes("a.bin", b"x")
    storage.remove("a.bin")
    assert not storage.exists("a.bin")


def test_storage_survives_pickling_while_open(storage):
    storage.write_bytes("a.bin", b"x")
    assert pickle.loads(pickle.dumps(storage)).read_bytes("a.bin") == b"x"


@pytest.mark.parametrize(
    "name", ["../a", "a/../../b", "/etc/passwd", "a//b", ".hidden", "a\\b", "a b"]
)
def test_names_cannot_leave_the_root(storage, name):
    with pytest.raises(InputError, match="a part of a file name"):
        storage.read_bytes(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-\n", "ä"])
def test_check_name_refuses_what_is_not_one_plain_part(name):
    with pytest.raises(InputError, match="a unit may hold only"):
        check_name(name, "a unit")


def test_check_name_takes_video_ids():
    assert check_name("-aB_3.x=7", "a unit") == "-aB_3.x=7"


def test_a_killed_writer_leaves_only_a_partial_that_is_ignored_and_removed(tmp_path):
    script = (
        "import os, signal, sys; from hdvg.storage import Storage\n"
        "with Storage(sys.argv[1]).writing('clips/u0.parquet') as writer:\n"
        "    writer.write(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    storage = Storage(tmp_path)
    assert [p.name.endswith(".partial") for p in (tmp_path / "clips").iterdir()] == [True]
    assert storage.list_files("clips") == []
    assert storage.remove_partials() == 1
    assert list((tmp_path / "clips").iterdir()) == []


def test_an_unknown_protocol_is_one_line():
    with pytest.raises(InputError, match="cannot open nosuch://bucket"):
        Storage("nosuch://bucket").exists("a.bin")


class _Deaf(MemoryFileSystem):
    """A store that does not answer, in the way of botocore: with errors of its own kind."""

    def _refuse(self, *_, **__):
        raise DeafError("no route to host")

    info = ls = cat_file = put_file = rm_file = _refuse


class DeafError(Exception):
    pass


@pytest.mark.parametrize(
    "use",
    [
        lambda storage: storage.exists("a"),
        lambda storage: storage.list_files("a"),
        lambda storage: storage.list_folders("a"),
        lambda storage: storage.read_bytes("a"),
        lambda storage: storage.size("a"),
        lambda storage: storage.write_bytes("a", b"x"),
        lambda storage: storage.remove("a"),
    ],
)
def test_a_store_that_does_not_answer_is_not_an_empty_one(use, monkeypatch):
    monkeypatch.setattr(module, "_open_remote", lambda root: (_Deaf(), "/bucket"))
    with pytest.raises(InputError, match="deaf://x cannot be used: DeafError: no route to host"):
        use(Storage("deaf://x"))


def test_a_missing_file_is_told_from_everything_else(storage):
    with pytest.raises(MissingFileError):
        storage.read_bytes("a")


def test_a_digest_is_that_of_the_whole_file_whatever_the_pieces(storage, monkeypatch):
    monkeypatch.setattr(module, "_PIECE_BYTES", 1000)
    for size in (0, 999, 1000, 2500):
        content = os.urandom(size)
        storage.write_bytes("a.bin", content)
        assert storage.digest("a.bin") == hashlib.sha256(content).hexdigest()
    with pytest.raises(MissingFileError):
        storage.digest("b.bin")


def test_files_that_are_being_written_can_be_listed(tmp_path):
    storage = Storage(tmp_path)
    with storage.writing("media/u0.tar"):
        assert storage.list_partials() == [f"media/.u0.tar.{os.getpid()}.partial"]
    assert storage.list_partials() == []
    assert Storage("memory://bucket/list").list_partials() == []
