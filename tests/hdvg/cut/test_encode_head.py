"""Smart clips by several decoders: the head nearly the source's frames, the rest exactly."""

import cv2
import numpy as np
import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.encode_head import encode_head
from hdvg.cut.packet_table import plan_copy, read_packet_table
from hdvg.decoding.backend import BACKENDS, choose_backend, read_frames
from hdvg.errors import InputError
from hdvg.video import decode, to_rgb

# Keyframes of the films lie at 0, 32 and 64.
FIRST, KEY, LAST = 20, 32, 58


@pytest.fixture
def smart(films, frames_of, scenes_at, tmp_path):
    """Cuts frames out of a film; the clip, or None."""

    def cut(name, first=FIRST, last=LAST, source=None):
        path = source or films(name)
        frames, time_base = frames_of(path)
        [scene] = scenes_at(frames, time_base, [first, last])
        table = read_packet_table(path)
        plan = plan_copy(table, scene)
        return encode_head(path, table, plan, tmp_path, CutConfig(preset="ultrafast"))

    return cut


@pytest.mark.parametrize("name", ["h264", "h264_vfr"])
def test_the_head_is_near_and_the_rest_is_the_source_s(films, frames_of, smart, name):
    frames, time_base = frames_of(films(name))
    clip = smart(name)
    shown, ticks = frames_of(clip.path)
    start = frames[FIRST][0] * time_base
    want_s = [float(pts * time_base - start) for pts, _ in frames[FIRST:LAST]]
    assert [float(pts * ticks) for pts, _ in shown] == pytest.approx(want_s, abs=1e-9)
    seam = KEY - FIRST
    assert [digest for _, digest in shown[seam:]] == [d for _, d in frames[KEY:LAST]]
    source = [to_rgb(frame).astype(int) for frame in decode(films(name))]
    for number, frame in enumerate(decode(clip.path), start=FIRST):
        errors = [np.abs(to_rgb(frame) - other).mean() for other in source]
        assert np.argmin(errors) == number
    assert (clip.cut_mode, clip.num_frames, clip.lead_hidden_frames) == ("smart", LAST - FIRST, 0)


def test_other_decoders_show_the_same_frames(smart, number_in):
    clip = smart("h264")
    capture = cv2.VideoCapture(str(clip.path))
    numbers = []
    while (grabbed := capture.read())[0]:
        numbers.append(number_in(grabbed[1]))
    assert numbers == list(range(FIRST, LAST))
    for name in BACKENDS:
        try:
            choose_backend(name, ["h264"])
        except InputError:
            continue
        wanted = [0, 5, KEY - FIRST - 1, KEY - FIRST, 30, LAST - FIRST - 1]
        times_s = [(number + 0.5) / 25 for number in wanted]
        window = read_frames(name, clip.path.read_bytes(), times_s, 96, 64)
        got = [number_in(frame.transpose(1, 2, 0)) - FIRST for frame in window]
        assert got == wanted


def test_a_smart_clip_can_be_cut_again(frames_of, smart, tmp_path):
    clip = smart("h264")
    source = clip.path.rename(tmp_path / "source.mp4")
    frames, _ = frames_of(source)
    again = smart("", 5, 30, source)
    assert again.num_frames == 25
    shown, _ = frames_of(again.path)
    seam = KEY - FIRST
    assert [d for _, d in shown[seam - 5 :]] == [d for _, d in frames[seam:30]]


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("h264", 33, 60),  # no keyframe inside
        ("h264_open_gop", FIRST, LAST),  # none that forgets what came before
        ("h264_ts", FIRST, LAST),  # start codes
        ("hevc", FIRST, LAST),
    ],
)
def test_what_cannot_be_joined_is_left_alone(smart, tmp_path, name, first, last):
    assert smart(name, first, last) is None
    assert not list(tmp_path.iterdir())


def test_a_seam_that_is_not_the_source_s_is_not_believed(smart, tmp_path, monkeypatch):
    """With the number of the source's own parameter sets the copied part cannot be decoded."""
    monkeypatch.setattr("hdvg.cut.encode_head.parameter_set_numbers", lambda _: range(1, 32))
    assert smart("h264") is None
    assert not list(tmp_path.iterdir())
