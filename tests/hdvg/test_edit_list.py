"""The three boxes by their bytes, as ISO/IEC 14496-12 lays them out."""

import struct

import pytest

from hdvg.edit_list import rename_sample_entry, show_all, show_only


def _box(kind, payload):
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def _movie(version, duration, start):
    wide = ">Q" if version else ">I"
    times = bytes(16 if version else 8)
    head = bytes([version, 0, 0, 0])
    mvhd = head + times + struct.pack(">I", 600) + struct.pack(wide, duration) + b"M" * 80
    tkhd = head + times + struct.pack(">II", 1, 0) + struct.pack(wide, duration) + b"T" * 60
    entry = struct.pack(">Qq" if version else ">Ii", duration, start)
    elst = head + struct.pack(">I", 1) + entry + struct.pack(">I", 1 << 16)
    trak = _box(b"tkhd", tkhd) + _box(b"edts", _box(b"elst", elst)) + _box(b"mdia", b"D" * 30)
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 5) + b"video"
    return _box(b"ftyp", b"isom") + large + _box(b"moov", _box(b"mvhd", mvhd) + _box(b"trak", trak))


@pytest.mark.parametrize("version", [0, 1])
def test_durations_and_start_are_written_and_nothing_else(tmp_path, version):
    path = tmp_path / "a.mp4"
    path.write_bytes(_movie(version, 5000, 0))
    show_only(path, 77, 1234)
    assert path.read_bytes() == _movie(version, 1234, 77)


@pytest.mark.parametrize("version", [0, 1])
def test_without_its_edit_list_a_file_differs_by_one_name(version):
    movie = _movie(version, 5000, 77)
    assert show_all(movie) == movie.replace(b"edts", b"free")
    assert show_all(movie.replace(b"edts", b"free")) == movie.replace(b"edts", b"free")


@pytest.mark.parametrize("content", [b"", b"no movie", bytes(64), b"\xff" * 64])
def test_what_is_no_mp4_stays_as_it_is(content):
    assert show_all(content) == content


def test_only_a_sample_entry_of_that_kind_is_renamed(tmp_path):
    stsd = bytes(4) + struct.pack(">I", 1) + _box(b"avc1", b"avc1 and so on")
    stbl = _box(b"minf", _box(b"stbl", _box(b"stsd", stsd)))
    movie = _box(b"ftyp", b"avc1") + _box(b"moov", _box(b"trak", _box(b"mdia", stbl)))
    path = tmp_path / "a.mp4"
    path.write_bytes(movie)
    rename_sample_entry(path, b"hvc1", b"hev1")
    assert path.read_bytes() == movie
    rename_sample_entry(path, b"avc1", b"avc3")
    assert path.read_bytes() == movie.replace(b"avc1avc1 and", b"avc3avc1 and")
