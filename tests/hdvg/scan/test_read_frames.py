import pytest

from hdvg.failures import VideoFailure
from hdvg.scan.read_frames import FrameReader, decode_frame
from hdvg.video import decode, to_rgb


def test_frames_are_all_frames(media):
    reader = FrameReader(media["vfr"], fast=False)
    assert [f.pts for f in reader] == [f.pts for f in decode(media["vfr"])]
    assert sorted(reader.packet_pts) == [f.pts for f in decode(media["vfr"])]


def test_fast_skips_frames_and_knows_of_them(media):
    reader = FrameReader(media[""], fast=True)
    seen = [f.pts for f in reader]
    every = [f.pts for f in decode(media[""])]
    assert sorted(reader.packet_pts) == every
    assert set(seen) < set(every)
    assert len(seen) < 0.75 * len(every)


def test_a_frame_is_decoded_again_by_its_time(media):
    frames = list(decode(media["vfr"]))
    for index in (0, 7, 61, len(frames) - 1):
        again = decode_frame(media["vfr"], frames[index].pts)
        assert again.pts == frames[index].pts
        assert (to_rgb(again) == to_rgb(frames[index])).all()


def test_time_that_runs_backwards_is_a_failure(media, monkeypatch):
    class Frame:
        pts, time_base = 5, 1

    class Packet:
        pts, is_discard = 5, False

        def decode(self):
            return [Frame(), Frame()]

    monkeypatch.setattr("hdvg.scan.read_frames.open_media", lambda path: _Fake([Packet()]))
    with pytest.raises(VideoFailure, match="backwards"):
        list(FrameReader(media[""], fast=False))


class _Fake:
    """A container that demuxes what it is given."""

    def __init__(self, packets):
        self._packets = packets
        self.streams = self
        self.video = [self]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def demux(self, stream):
        return self._packets
