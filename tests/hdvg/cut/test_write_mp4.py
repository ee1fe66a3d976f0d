"""Clocks by arithmetic, the shown stretch by full decoding."""

from fractions import Fraction

import av
import pytest

from hdvg.cut.write_mp4 import Sample, time_scale, write_mp4


@pytest.mark.parametrize(
    ("time_base", "scale"),
    [
        (Fraction(1, 90_000), 90_000),
        (Fraction(1, 12_800), 12_800),
        (Fraction(1001, 30_000), 30_000),
        (Fraction(1, 1000), 16_000),
        (Fraction(1, 25), 12_800),
    ],
)
def test_every_tick_of_the_source_is_a_whole_number_of_the_clips(time_base, scale):
    assert time_scale(time_base) == scale
    assert (time_base * scale).denominator == 1


@pytest.mark.parametrize(("hidden", "length"), [(0, 75), (5, 20), (30, 1), (60, 15)])
def test_the_samples_in_the_stretch_are_shown(films, tmp_path, hidden, length):
    with av.open(str(films("h264"))) as source:
        stream = source.streams.video[0]
        packets = [packet for packet in source.demux(stream) if packet.size]
        samples = [
            Sample(packet=p, pts=p.pts - hidden * 512, is_sync=p.is_keyframe) for p in packets
        ]
        write_mp4(tmp_path / "a.mp4", stream, Fraction(1, 12_800), samples, length * 512)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [frame.pts for frame in container.decode(video=0)]
    assert shown == [512 * i for i in range(length)]
