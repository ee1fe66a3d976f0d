"""Copied clips, by decoders that know nothing of them: every frame is the source's, bit for bit."""

import hashlib
import json
import subprocess
from pathlib import Path

import av
import cv2
import pytest

from hdvg.cut.copy_packets import copy_packets
from hdvg.cut.packet_table import plan_copy, read_packet_table

NAMES = [
    "h264", "h264_open_gop", "h264_vfr", "h264_mkv", "h264_ts", "h264_intra_refresh", "hevc",
    "hevc_mkv", "hevc_ts", "av1", "av1_mkv", "vp9_webm", "mpeg4",
]  # fmt: skip
# In the middle of groups of pictures, of one frame, and next to keyframes on either side.
EDGES = [0, 7, 19, 20, 33, 52, 66, 75]
# OpenCV's own FFmpeg has no AV1 decoder.
OPENCV = [name for name in NAMES if not name.startswith("av1")]


def _cut(path, frames, time_base, scenes_at, folder):
    table = read_packet_table(path)
    plans = [plan_copy(table, scene) for scene in scenes_at(frames, time_base, EDGES)]
    assert None not in plans
    return copy_packets(path, table, plans, folder)


def _by_opencv(path):
    capture = cv2.VideoCapture(str(path))
    digests = []
    while True:
        there, image = capture.read()
        if not there:
            return digests
        digests.append(hashlib.sha256(image.tobytes()).hexdigest())


@pytest.mark.parametrize("name", NAMES)
def test_pyav_shows_the_scene_and_nothing_else(films, frames_of, scenes_at, tmp_path, name):
    frames, time_base = frames_of(films(name))
    assert len(frames) == EDGES[-1]
    clips = _cut(films(name), frames, time_base, scenes_at, tmp_path)
    for clip in clips:
        scene = clip.scene
        want = [
            ((pts - scene.start_pts) * time_base, digest)
            for pts, digest in frames
            if scene.start_pts <= pts < scene.end_pts
        ]
        shown, ticks = frames_of(clip.path)
        assert [(pts * ticks, digest) for pts, digest in shown] == want
        assert clip.num_frames == len(want)
        with av.open(str(clip.path)) as container:
            exact_s = float((scene.end_pts - scene.start_pts) * time_base)
            assert container.duration / 1e6 == pytest.approx(exact_s, abs=1e-6)
            packets = [p for p in container.demux(video=0) if p.size]
            assert packets[0].is_keyframe
            assert sum(packet.pts < 0 for packet in packets) == clip.lead_hidden_frames
    assert sum(clip.num_frames for clip in clips) == len(frames)
    assert any(clip.lead_hidden_frames for clip in clips)


@pytest.mark.parametrize("name", OPENCV)
def test_opencv_shows_the_scene_and_nothing_else(films, frames_of, scenes_at, tmp_path, name):
    frames, time_base = frames_of(films(name))
    source = _by_opencv(films(name))
    assert len(source) == len(frames)
    clips = _cut(films(name), frames, time_base, scenes_at, tmp_path)
    for clip, first, last in zip(clips, EDGES, EDGES[1:], strict=False):
        assert _by_opencv(clip.path) == source[first:last]


@pytest.mark.parametrize("name", ["h264", "h264_open_gop", "hevc"])
def test_ffprobe_finds_sane_files(films, frames_of, scenes_at, tmp_path, name):
    """The system's FFmpeg may be years older than PyAV's."""
    frames, time_base = frames_of(films(name))
    for clip in _cut(films(name), frames, time_base, scenes_at, tmp_path):
        command = ["ffprobe", "-v", "fatal", "-of", "json", "-show_streams", "-count_frames"]
        try:
            done = subprocess.run([*command, clip.path], capture_output=True, check=True, text=True)
        except FileNotFoundError:
            pytest.skip("the ffprobe program is not installed")
        [stream] = json.loads(done.stdout)["streams"]
        assert (stream["codec_name"], stream["width"], stream["height"]) == (clip.codec, 96, 64)
        assert int(stream["nb_read_frames"]) == clip.num_frames
        exact_s = float((clip.scene.end_pts - clip.scene.start_pts) * time_base)
        assert float(stream["duration"]) == pytest.approx(exact_s, abs=1e-6)
        assert float(stream["start_time"]) == 0


def test_the_same_source_gives_the_same_bytes(films, frames_of, scenes_at, tmp_path):
    frames, time_base = frames_of(films("hevc"))
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _cut(films("hevc"), frames, time_base, scenes_at, tmp_path / folder)
    first = sorted((tmp_path / "a").iterdir())
    assert len(first) == len(EDGES) - 1
    assert all(p.read_bytes() == (tmp_path / "b" / p.name).read_bytes() for p in first)


def test_a_clip_can_be_cut_again(films, frames_of, scenes_at, tmp_path):
    """A source may itself have an edit list that hides frames before and after."""
    frames, time_base = frames_of(films("h264"))
    source = _cut(films("h264"), frames, time_base, scenes_at, tmp_path)[4]
    shown, ticks = frames_of(source.path)
    table = read_packet_table(source.path)
    plans = [plan_copy(table, scene) for scene in scenes_at(shown, ticks, [0, 5, 16])]
    (tmp_path / "again").mkdir()
    clips = copy_packets(source.path, table, plans, tmp_path / "again")
    again = [digest for clip in clips for _, digest in frames_of(clip.path)[0]]
    assert again == [digest for _, digest in shown[:16]]


def test_real_footage_is_copied_exactly(film_clips, frames_of, scenes_at, tmp_path):
    path = Path(film_clips["bikes.mp4"])
    frames, time_base = frames_of(path)
    table = read_packet_table(path)
    edges = [0, 31, 100, 149, 199, 250]
    scenes = scenes_at(frames, time_base, edges)
    clips = copy_packets(path, table, [plan_copy(table, scene) for scene in scenes], tmp_path)
    assert [clip.num_frames for clip in clips] == [31, 69, 49, 50, 51]
    shown = [digest for clip in clips for _, digest in frames_of(clip.path)[0]]
    assert shown == [digest for _, digest in frames]


def test_scenes_may_overlap(films, frames_of, make_scene, tmp_path):
    path = films("h264_open_gop")
    frames, time_base = frames_of(path)
    table = read_packet_table(path)
    spans = [(35, 70), (33, 71), (2, 72), (68, 73)]
    plans = [
        plan_copy(
            table,
            make_scene(
                index=index,
                start_pts=frames[first][0],
                end_pts=frames[last][0],
                time_base=time_base,
            ),
        )
        for index, (first, last) in enumerate(spans)
    ]
    clips = copy_packets(path, table, plans, tmp_path)
    shown = [[digest for _, digest in frames_of(clip.path)[0]] for clip in clips]
    assert shown == [[digest for _, digest in frames[first:last]] for first, last in spans]
