"""Clips of a film whose every frame is a grey of its own."""

import av
import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.video import write_video
from vfmodel.evaluation.protocol import FrameRule
from vfmodel.evaluation.real_set.read_window import choose_times, read_window

STEP = 8


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """25 frames at 25 a second; frame i has the grey 8 i + 16."""
    greys = (np.arange(25) * STEP + 16).astype(np.uint8)
    frames = np.broadcast_to(greys[:, None, None, None], (25, 3, 16, 24))
    return write_video(tmp_path_factory.mktemp("film") / "film.mp4", frames, 25)


def numbers(frames):
    """Which frames these are, by their grey."""
    return [round((float(frame.float().mean()) - 16) / STEP) for frame in frames]


def test_consecutive_and_strided_frames(film):
    frames, fps = read_window(film, FrameRule(num_frames=16, window="first"), 0, "x")
    assert numbers(frames) == list(range(16))
    assert (frames.shape, fps) == ((16, 3, 16, 24), pytest.approx(25))
    frames, fps = read_window(film, FrameRule(num_frames=9, stride=3, window="centre"), 0, "x")
    assert numbers(frames) == list(range(0, 25, 3))
    assert fps == pytest.approx(25 / 3)


def test_a_rate(film):
    frames, fps = read_window(film, FrameRule(num_frames=5, fps=5.0, window="first"), 0, "x")
    assert numbers(frames) == [0, 5, 10, 15, 20]
    assert fps == 5.0


def test_random_windows_depend_on_name_and_seed_alone_and_reach_everywhere(film):
    rule = FrameRule(num_frames=23)
    starts = {name: numbers(read_window(film, rule, 0, name)[0])[0] for name in map(str, range(16))}
    assert set(starts.values()) == {0, 1, 2}
    again = {name: numbers(read_window(film, rule, 0, name)[0])[0] for name in starts}
    assert again == starts


def test_ends_of_the_range():
    times = [0.0, 0.1, 0.2, 0.3]
    assert choose_times(times, FrameRule(num_frames=2), 0.0) == [0.0, 0.1]
    assert choose_times(times, FrameRule(num_frames=2), 0.999) == [0.2, 0.3]
    assert choose_times(times, FrameRule(num_frames=2, fps=4.0), 0.999) == pytest.approx(
        [0.05, 0.3], abs=1e-3
    )


@pytest.mark.parametrize("rule", [FrameRule(num_frames=26), FrameRule(num_frames=9, fps=8.0)])
def test_too_short_is_named(film, rule):
    with pytest.raises(InputError, match="too short"):
        read_window(film, rule, 0, "x")


def test_avi_as_ucf101_has_it(tmp_path):
    path = tmp_path / "v.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuv420p"
        stream.codec_context.max_b_frames = 2
        stream.codec_context.qmin = stream.codec_context.qmax = 1
        for index in range(20):
            grey = np.full((16, 32, 3), 16 + STEP * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode())
    frames, _ = read_window(path, FrameRule(num_frames=16, window="centre"), 0, "x")
    assert numbers(frames) == list(range(2, 18))


def test_no_video(tmp_path):
    (tmp_path / "x.mp4").write_bytes(b"no film")
    with pytest.raises(InputError, match="not a readable video"):
        read_window(tmp_path / "x.mp4", FrameRule(), 0, "x")
