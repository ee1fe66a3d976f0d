"""HDR10's metadata: written by x265, read by FFmpeg, told again."""

from fractions import Fraction

import av

from vfsr.film.hdr import light_levels, mastering_display

DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"


def first_frame(parameters):
    encoder = av.VideoCodecContext.create("libx265", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p10le"
    encoder.time_base = Fraction(1, 25)
    encoder.options = {"x265-params": f"log-level=none{parameters}"}
    frame = av.VideoFrame(64, 64, "yuv420p10le")
    frame.pts = 0
    decoder = av.VideoCodecContext.create("hevc", "r")
    packets = encoder.encode(frame) + encoder.encode(None)
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return frames[0]


def test_both_come_back_as_they_were():
    frame = first_frame(f":master-display={DISPLAY}:max-cll=1000,400")
    assert mastering_display(frame) == DISPLAY
    assert light_levels(frame) == "1000,400"


def test_without_them_there_are_none():
    frame = first_frame("")
    assert mastering_display(frame) is None
    assert light_levels(frame) is None
