"""A log that is cut off or damaged anywhere goes on after its last sound segment."""

import multiprocessing

import numpy as np
import pytest

from hdvg.errors import InputError
from vfsr.film.packet_log import LoggedPacket, PacketLog, count_finished

IDENTITY = {"model": "a", "sizes": (1, 2)}


def packet(index):
    data = np.random.default_rng(index).bytes(20 + index)
    return LoggedPacket(pts=index * 1001 - 3, duration=index, is_keyframe=index % 2 == 0, data=data)


def fill(log, segments):
    """Appends segments of so many packets; returns them."""
    written = []
    for length in segments:
        first = sum(map(len, written))
        written.append([packet(index) for index in range(first, first + length)])
        for one in written[-1]:
            log.append(one)
        log.end_segment(length, f"after {first + length}".encode())
    return written


def test_what_was_written_is_read(tmp_path):
    log = PacketLog.begin(tmp_path / "log", IDENTITY)
    written = fill(log, [3, 1, 4])
    log.append(packet(99))
    assert log.num_frames == 8
    assert list(log.segments()) == written
    log.close()
    log = PacketLog.resume(tmp_path / "log", IDENTITY)
    assert (log.num_frames, log.memory()) == (8, b"after 8")
    assert list(log.segments()) == written
    log.close()
    assert count_finished(tmp_path / "log") == 8


def test_cut_anywhere_it_goes_on_after_the_last_whole_segment(tmp_path):
    path = tmp_path / "log"
    log = PacketLog.begin(path, IDENTITY)
    ends = [path.stat().st_size]
    written = []
    for length in (2, 1, 2):
        written += fill(log, [length])
        ends.append(path.stat().st_size)
    log.close()
    data = path.read_bytes()
    for size in range(ends[0], len(data) + 1):
        path.write_bytes(data[:size])
        sound = max(index for index, end in enumerate(ends) if end <= size)
        log = PacketLog.resume(path, IDENTITY)
        assert len(list(log.segments())) == sound
        assert path.stat().st_size == ends[sound]
        log.append(packet(7))
        log.end_segment(1)
        assert list(log.segments())[sound] == [packet(7)]
        log.close()


def test_a_flipped_bit_ends_it_before(tmp_path):
    path = tmp_path / "log"
    log = PacketLog.begin(path, IDENTITY)
    start = path.stat().st_size
    fill(log, [2])
    end = path.stat().st_size
    fill(log, [2])
    log.close()
    data = path.read_bytes()
    for position in range(end, len(data), 7):
        path.write_bytes(data[:position] + bytes([data[position] ^ 16]) + data[position + 1 :])
        assert count_finished(path) == 2
    path.write_bytes(data[: start + 30] + b"\0" + data[start + 31 :])
    assert count_finished(path) == 0


def test_other_work_is_not_gone_on_with(tmp_path):
    log = PacketLog.begin(tmp_path / "log", IDENTITY)
    fill(log, [2])
    log.close()
    with pytest.raises(InputError, match="begun with another model"):
        PacketLog.resume(tmp_path / "log", IDENTITY | {"model": "b"})
    (tmp_path / "page").write_text("<html>")
    with pytest.raises(InputError, match="page is not the beginning"):
        PacketLog.resume(tmp_path / "page", IDENTITY)
    assert count_finished(tmp_path / "log") == 2
    assert count_finished(tmp_path / "page") == count_finished(tmp_path / "none") == 0


def _try(path, queue):
    try:
        PacketLog.resume(path, IDENTITY)
    except InputError as error:
        queue.put(str(error))


def test_one_process_at_a_time(tmp_path):
    log = PacketLog.begin(tmp_path / "log", IDENTITY)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    other = context.Process(target=_try, args=(tmp_path / "log", queue))
    other.start()
    other.join()
    assert "another process is at work" in queue.get(timeout=5)
    log.discard()


def test_discarding_leaves_nothing(tmp_path):
    (tmp_path / "log.txt").write_text("another's")
    log = PacketLog.begin(tmp_path / "log", IDENTITY)
    fill(log, [2, 2])
    (tmp_path / "log.6").write_bytes(b"of a killed run")
    log.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


def test_a_new_one_forgets_the_old(tmp_path):
    fill(log := PacketLog.begin(tmp_path / "log", IDENTITY), [2])
    log.close()
    log = PacketLog.begin(tmp_path / "log", IDENTITY)
    assert (log.num_frames, log.memory(), list(log.segments())) == (0, b"", [])
    log.close()
