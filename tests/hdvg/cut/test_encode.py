"""Encoded clips against their sources: frames near enough to be no other's, upright, repeatable."""

from dataclasses import replace

import numpy as np
import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.encode import encode
from hdvg.failures import VideoFailure
from hdvg.probe import probe
from hdvg.video import decode, frame_time_s, to_rgb, write_video

FAST = CutConfig(preset="ultrafast")
EDGES = [0, 7, 19, 20, 33, 52, 66, 75]


def _encode(path, frames_of, scenes_at, folder, edges=EDGES):
    frames, time_base = frames_of(path)
    return encode(path, scenes_at(frames, time_base, edges), probe(path), folder, FAST)


@pytest.mark.parametrize("name", ["h264_vfr", "hevc", "mpeg4"])
def test_every_frame_is_the_source_s_at_its_time(films, frames_of, scenes_at, tmp_path, name):
    """One frame too many or too few would show: neighbours differ by far more than encoding."""
    source = [(frame_time_s(frame), to_rgb(frame).astype(int)) for frame in decode(films(name))]
    clips = _encode(films(name), frames_of, scenes_at, tmp_path)
    for clip, first, last in zip(clips, EDGES, EDGES[1:], strict=False):
        shown = list(decode(clip.path))
        assert len(shown) == clip.num_frames == last - first
        for frame, (time_s, picture) in zip(shown, source[first:last], strict=True):
            assert frame_time_s(frame) == pytest.approx(time_s - source[first][0], abs=1e-3)
            errors = [np.abs(to_rgb(frame) - other).mean() for _, other in source]
            assert np.abs(to_rgb(frame) - picture).mean() == min(errors) < 6
        assert (clip.cut_mode, clip.codec, clip.lead_hidden_frames) == ("encode", "h264", 0)


def test_the_same_source_gives_the_same_bytes(films, frames_of, scenes_at, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _encode(films("h264"), frames_of, scenes_at, tmp_path / folder)
    first = sorted((tmp_path / "a").iterdir())
    assert len(first) == len(EDGES) - 1
    assert all(p.read_bytes() == (tmp_path / "b" / p.name).read_bytes() for p in first)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_rotated_video_is_turned_upright(frames_of, scenes_at, tmp_path, k):
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:32, :64] = (220, 30, 30)
    frames = np.repeat(picture.transpose(2, 0, 1)[None], 30, axis=0)
    path = write_video(tmp_path / "a.mp4", frames, 25)
    turned = np.rot90(picture, k)
    facts = replace(probe(path), rotation=90 * k, width=turned.shape[1], height=turned.shape[0])
    shown, time_base = frames_of(path)
    [clip] = encode(path, scenes_at(shown, time_base, [0, 30]), facts, tmp_path, FAST)
    first = to_rgb(next(iter(decode(clip.path)))).astype(int)
    assert first.shape == turned.shape
    assert np.abs(first - turned).mean() < 4


def test_scenes_beyond_the_end_are_a_failure(films, frames_of, scenes_at, tmp_path):
    frames, time_base = frames_of(films("h264"))
    [scene] = scenes_at(frames, time_base, [0, 10])
    beyond = replace(scene, start_pts=10**9, end_pts=10**9 + 1)
    with pytest.raises(VideoFailure, match="decode_failed"):
        encode(films("h264"), [beyond], probe(films("h264")), tmp_path, FAST)
