"""Segments decode on their own, and to what was given."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vfsr.dead_leaves import render_dead_leaves
from vfsr.film import encode_segments as module
from vfsr.film.describe import describe
from vfsr.film.encode_segments import LargeFrame, encode_segments
from vfsr.film.encoding import EncodeConfig, choose_encoding, open_encoder
from vfsr.film.packet_log import PacketLog
from vfsr.film.read_frames import TimedFrame

DECODERS = {"h264": "h264", "hevc": "hevc", "prores": "prores"}


@pytest.mark.parametrize("codec", DECODERS)
def test_each_segment_stands_alone(render_film, tmp_path, monkeypatch, codec):
    monkeypatch.setattr(module, "SEGMENT_FRAMES", 4)
    film = describe(render_film(tmp_path / "a.mov", [0], (48, 32)))
    encoding = choose_encoding(film, 2, Path("b.mov"), EncodeConfig(codec=codec))
    pictures = [render_dead_leaves(np.random.default_rng(i), 64, 96) for i in range(10)]
    times = [0, 7, 8, 300, 301, 9000, 9001, 9002, 9500, 9600]
    frames = (
        LargeFrame(TimedFrame(picture, pts, index), f"memory {index}".encode)
        for index, (picture, pts) in enumerate(zip(pictures, times, strict=True))
    )
    log = PacketLog.begin(tmp_path / "log", {})
    encode_segments(frames, encoding, log)
    assert (log.num_frames, log.memory()) == (10, b"memory 9")
    shown = []
    for segment in log.segments():
        decoder = av.VideoCodecContext.create(DECODERS[codec], "r")
        decoder.extradata = open_encoder(encoding).extradata
        for logged in segment:
            packet = av.Packet(logged.data)
            packet.pts, packet.time_base = logged.pts, Fraction(1, 30_000)
            shown += decoder.decode(packet)
        shown += decoder.decode(None)
        assert {p.pts: p.duration for p in segment} == {
            pts: times.index(pts) for pts in sorted(p.pts for p in segment)
        }
    assert [frame.pts for frame in shown] == times
    for frame, truth in zip(shown, pictures, strict=True):
        assert np.abs(frame.to_ndarray(format="rgb24").astype(float) - truth).mean() < 8
    log.discard()
