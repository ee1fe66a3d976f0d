"""Scenes as the scan finds them, cut in every mode, against the source's own frames."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.cut_scenes import cut_scenes
from hdvg.probe import probe
from hdvg.reader import ClipDataset
from hdvg.scan.config import ScanConfig
from hdvg.scan.scan_video import scan_video
from hdvg.shapes.scene import COLOURS
from hdvg.video import decode, to_rgb

SHORT = ScanConfig(min_scene_s=0.1)
ENCODE = CutConfig(mode="encode", preset="ultrafast")


def _cut(path, folder, config):
    facts = probe(path)
    return cut_scenes(path, scan_video(path, facts, SHORT).scenes, facts, folder, config)


def _digests_inside(frames, scene):
    return [digest for pts, digest in frames if scene.start_pts <= pts < scene.end_pts]


@pytest.mark.parametrize("name", ["", "vfr", "letterboxed"])
def test_clips_of_rendered_videos_are_copied_exactly(media, frames_of, tmp_path, name):
    frames, _ = frames_of(media[name])
    clips = _cut(media[name], tmp_path, CutConfig())
    assert {clip.cut_mode for clip in clips} == {"lossless"}
    for clip in clips:
        shown, _ = frames_of(clip.path)
        assert [digest for _, digest in shown] == _digests_inside(frames, clip.scene)
        assert len(shown) == clip.num_frames == clip.scene.num_frames


def test_clips_of_real_footage_are_copied_exactly(film_clips, frames_of, tmp_path):
    frames, _ = frames_of(film_clips["bikes.mp4"])
    clips = _cut(film_clips["bikes.mp4"], tmp_path, CutConfig())
    for clip in clips:
        shown, _ = frames_of(clip.path)
        assert [digest for _, digest in shown] == _digests_inside(frames, clip.scene)


def test_encoded_clips_have_the_same_frames_nearly(media, tmp_path):
    path = media["vfr"]
    source = [to_rgb(frame, 160, 90).astype(int) for frame in decode(path)]
    pts = [frame.pts for frame in decode(path)]
    for clip in _cut(path, tmp_path, ENCODE):
        assert clip.cut_mode == "encode"
        first = pts.index(clip.scene.start_pts)
        shown = [to_rgb(frame, 160, 90) for frame in decode(clip.path)]
        assert len(shown) == clip.num_frames == clip.scene.num_frames
        for picture, truth in zip(shown, source[first:], strict=False):
            assert np.abs(picture - truth).mean() < 3


@pytest.mark.parametrize("config", [CutConfig(), ENCODE])
def test_colours_survive(media, truth, tmp_path, config):
    """At a scene's middle each object passes its centre: its colour is looked up there."""
    clips = _cut(media["watermarked"], tmp_path, config)
    scenes = truth["watermarked"]["scenes"]
    assert len(clips) == len(scenes)
    start_s = 0.0
    for clip, scene in zip(clips, scenes, strict=True):
        frames = [to_rgb(frame) for frame in decode(clip.path)]
        middle_s = start_s + scene["duration_s"] / 2 - clip.scene.start_s
        middle = frames[round(middle_s * truth["watermarked"]["fps"])]
        start_s += scene["duration_s"]
        for thing in scene["objects"][:1]:
            x = round((thing["centre"][0] + clip.width / clip.height / 2) * clip.height)
            # Below the watermark, which crosses the middle row.
            y = round((thing["centre"][1] + 0.5 + thing["radius"] * 0.45) * clip.height)
            patch = middle[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)
            nearest = min(COLOURS, key=lambda name: np.abs(patch - COLOURS[name]).sum())
            assert nearest == thing["colour"]


def test_a_scene_that_cannot_be_copied_is_encoded(films, frames_of, scenes_at, tmp_path):
    """Here the scan saw one picture less than there are packets: the copy is not trusted."""
    path = films("h264")
    frames, time_base = frames_of(path)
    first, doubted, last = scenes_at(frames, time_base, [0, 20, 40, 75])
    doubted = replace(doubted, num_frames=19)
    clips = cut_scenes(path, [first, doubted, last], probe(path), tmp_path, CutConfig())
    assert [clip.cut_mode for clip in clips] == ["lossless", "encode", "lossless"]
    assert [clip.num_frames for clip in clips] == [20, 20, 35]


def test_a_rotated_video_is_encoded(films, frames_of, scenes_at, tmp_path):
    path = films("h264")
    frames, time_base = frames_of(path)
    facts = replace(probe(path), rotation=180)
    scenes = scenes_at(frames, time_base, [0, 20])
    [clip] = cut_scenes(path, scenes, facts, tmp_path, CutConfig(preset="ultrafast"))
    assert clip.cut_mode == "encode"


def test_a_keyframe_that_is_far_away_is_not_copied(films, frames_of, scenes_at, tmp_path):
    """One frame a second, keyframes at 0, 32 and 64 s."""
    path = films("h264_slow")
    frames, time_base = frames_of(path)
    scenes = scenes_at(frames, time_base, [0, 12, 13, 44, 75])
    clips = cut_scenes(path, scenes, probe(path), tmp_path, CutConfig(preset="ultrafast"))
    modes = ["lossless", "lossless", "encode", "lossless"]
    assert [clip.cut_mode for clip in clips] == modes
    # The second clip is frame 12 alone, a P picture: three B pictures before it are stored after.
    assert [clip.lead_hidden_frames for clip in clips] == [0, 9, 0, 12]


def test_smart_cuts_hide_nothing(films, frames_of, scenes_at, tmp_path):
    path = films("h264")
    frames, time_base = frames_of(path)
    scenes = scenes_at(frames, time_base, [0, 20, 58, 64, 75])
    config = CutConfig(mode="smart", preset="ultrafast")
    clips = cut_scenes(path, scenes, probe(path), tmp_path, config)
    assert [clip.cut_mode for clip in clips] == ["lossless", "smart", "encode", "lossless"]
    assert [clip.num_frames for clip in clips] == [20, 38, 6, 11]
    assert [clip.lead_hidden_frames for clip in clips] == [0, 0, 0, 0]
    for clip in clips:
        assert len(frames_of(clip.path)[0]) == clip.num_frames


@pytest.mark.parametrize("name", ["h264_vfr", "h264_open_gop", "hevc_mkv", "av1", "vp9_webm"])
def test_clip_dataset_gives_the_source_s_first_and_last_frames(
    films, frames_of, scenes_at, write_tables, tmp_path, name
):
    """From the source through cut, tar and tables to the reader: the same pixels."""
    path = films(name)
    source = [to_rgb(frame) for frame in decode(path)]
    frames, time_base = frames_of(path)
    edges = [0, 7, 19, 20, 33, 52, 66, 75]
    scenes = scenes_at(frames, time_base, edges)
    clips = cut_scenes(path, scenes, probe(path), tmp_path, CutConfig())
    assert {clip.cut_mode for clip in clips} == {"lossless"}
    rows = [
        {
            "clip_id": str(clip.scene.index),
            "start_s": clip.scene.start_s,
            "end_s": clip.scene.end_s,
            "codec": clip.codec,
        }
        for clip in clips
    ]
    media = {f"{clip.scene.index}.mp4": clip.path.read_bytes() for clip in clips}
    write_tables(tmp_path / "data", {"u0": {"media": media, "clips": rows}})
    read = ClipDataset(tmp_path / "data", captions=None, min_duration_s=0.0)
    for index, (first, last) in enumerate(pairwise(edges)):
        window = read.frames(index, [0.0, 99.0], 96, 64)
        for picture, number in zip(window, (first, last - 1), strict=True):
            np.testing.assert_array_equal(picture.transpose(1, 2, 0), source[number])
