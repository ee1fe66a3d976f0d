"""An entry point is where a fresh decoder gives, from there on, what decoding from 0 gives."""

import hashlib

import av
import pytest

from hdvg.cut.entry_points import (
    Entry,
    Framing,
    find_entry,
    parameter_set_numbers,
    shows_a_picture,
)

NAMES = [
    "h264",
    "h264_open_gop",
    "h264_mkv",
    "h264_ts",
    "h264_intra_refresh",
    "hevc",
    "av1_mkv",
    "vp9_webm",
]
OPEN = ["h264_open_gop", "h264_mkv"]


def _digest(frame):
    return hashlib.sha256(frame.to_ndarray().tobytes()).hexdigest()


def _decode_from(path, first):
    """Digest by timestamp of what a decoder gives that is fed from the packet `first` on."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        packets = [packet for packet in container.demux(stream) if packet.size]
        key_pts = packets[first].pts
        kept = [packet for packet in packets[first:] if packet.pts >= key_pts]
        frames = []
        for packet in [*kept, None]:
            frames += stream.codec_context.decode(packet)
        return {frame.pts: _digest(frame) for frame in frames}, {p.pts for p in kept}


@pytest.mark.parametrize("name", [*NAMES, "mpeg4"])
def test_decoding_from_an_entry_point_gives_the_same_pictures(films, name):
    path = films(name)
    truth, _ = _decode_from(path, 0)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        codec = stream.codec_context.codec.canonical_name
        framing = Framing.of_stream(codec, stream.codec_context.extradata or b"")
        packets = [packet for packet in container.demux(stream) if packet.size]
        found = [i for i, p in enumerate(packets) if find_entry(memoryview(p), framing)]
        claimed = [i for i, p in enumerate(packets) if p.is_keyframe]
        kinds = {find_entry(memoryview(packets[i]), framing) for i in found[1:]}
        assert kinds <= {Entry.OPEN if name in OPEN else Entry.CLEAN}
        assert all(shows_a_picture(memoryview(packet), framing) for packet in packets)
    assert found[0] == 0
    for first in found:
        frames, pts = _decode_from(path, first)
        assert frames == {time: truth[time] for time in pts}
    if name == "h264_intra_refresh":
        # Claims of the container from which decoding only becomes right after a while.
        assert (len(found), len(claimed) > 2) == (1, True)
        frames, pts = _decode_from(path, claimed[1])
        assert frames != {time: truth[time] for time in pts}
    else:
        assert found == claimed


def test_start_codes_and_lengths_are_told_apart():
    assert Framing.of_stream("h264", b"\x01\x64\x00\x1f\xff").length_bytes == 4
    assert Framing.of_stream("h264", b"\x01\x64\x00\x1f\xfd").length_bytes == 2
    assert Framing.of_stream("h264", b"\x00\x00\x00\x01\x67\x64").length_bytes == 0
    assert Framing.of_stream("vp9", b"").length_bytes == 0


def test_a_vp9_packet_without_a_picture_is_known_by_its_flags():
    framing = Framing(codec="vp9", length_bytes=0)
    # frame_marker 10, profile 00, show_existing_frame 0, frame_type 1 (not key), show_frame 0 / 1
    assert not shows_a_picture(memoryview(bytes([0b10000100, 0])), framing)
    assert shows_a_picture(memoryview(bytes([0b10000110, 0])), framing)
    assert shows_a_picture(memoryview(bytes([0b10001000, 0])), framing)


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9", "mpeg4"])
@pytest.mark.parametrize("content", [b"\x00", b"\xff" * 9, b"\x00\x00\x01", b"\x00\x00\x01\xb6"])
@pytest.mark.parametrize("length_bytes", [0, 4])
def test_rubbish_is_no_entry_point_and_no_crash(codec, content, length_bytes):
    framing = Framing(codec=codec, length_bytes=length_bytes)
    assert find_entry(memoryview(content), framing) == Entry.NONE or codec == "vp9"


@pytest.mark.parametrize("number", [0, 1, 7, 31])
def test_parameter_sets_are_known_by_their_numbers(tmp_path, number):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        options = {"x264-params": f"sps-id={number}"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(stream.encode())
    with av.open(str(path)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert parameter_set_numbers(extradata) == {number}
