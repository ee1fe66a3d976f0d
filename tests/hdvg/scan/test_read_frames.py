import io
from fractions import Fraction

import av
import numpy as np
import pytest

import hdvg.media_file as media_file
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
        pts, time_base, width, height = 5, 1, 64, 48

    class Packet:
        pts, is_discard = 5, False

        def decode(self):
            return [Frame(), Frame()]

    monkeypatch.setattr("hdvg.scan.read_frames.open_media", lambda path: _Fake([Packet()]))
    with pytest.raises(VideoFailure, match="backwards"):
        list(FrameReader(media[""], fast=False))


def test_frames_that_others_refer_to_are_the_decoder_s_own_and_the_rest_nearly(films):
    path = films("h264")
    with av.open(str(path)) as container:
        full = {frame.pts: frame.to_ndarray() for frame in container.decode(video=0)}
    found = {frame.pts: frame.to_ndarray() for frame in FrameReader(path, fast=False)}
    assert found.keys() == full.keys()
    differ = [np.abs(found[pts].astype(int) - full[pts]).mean() for pts in full]
    # Three B-frames in a row, the middle one of which the others refer to.
    assert 0.4 < np.mean([change == 0 for change in differ]) < 0.6
    assert max(differ) < 2


class _Fake:
    """A container that demuxes what it is given."""

    def __init__(self, packets):
        self._packets = packets
        self.streams = self.codec_context = self
        self.video = [self]
        self.options = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def demux(self, stream):
        return self._packets


def _transport_stream(width, height, num_frames, first):
    """Grey frames as MPEG-TS, which can be joined byte by byte."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(num_frames):
            frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), 90, np.uint8))
            frame.pts, frame.time_base = first + number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


@pytest.mark.parametrize("second", [(640, 352), (176, 320), (160, 96)])
def test_a_stream_that_changes_its_size_is_a_failure(tmp_path, second):
    path = tmp_path / "v.ts"
    path.write_bytes(_transport_stream(320, 176, 5, 0) + _transport_stream(*second, 5, 60))
    with pytest.raises(VideoFailure, match="size_changes"):
        list(FrameReader(path, fast=False))
    path.write_bytes(_transport_stream(320, 176, 5, 0) + _transport_stream(320, 176, 5, 60))
    assert len(list(FrameReader(path, fast=False))) == 10


def test_fast_keeps_the_limits_on_hostile_files(media, monkeypatch):
    """Here the limit is moved, because pictures beyond it are slow to make."""
    monkeypatch.setattr(media_file, "MAX_PIXELS", 64)
    for fast in (False, True):
        with pytest.raises(av.FFmpegError):
            list(FrameReader(media["web"], fast=fast))
