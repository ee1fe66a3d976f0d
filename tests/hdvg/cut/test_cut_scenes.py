import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from hdvg.cut.cut_scenes import CutConfig, cut
from hdvg.errors import InputError
from hdvg.failures import VideoFailure
from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.scan_video import scan_video
from hdvg.shapes.scene import COLOURS
from hdvg.video import decode, frame_time_s, to_rgb, write_video

SHORT = ScanConfig(min_scene_s=0.1)
FAST = CutConfig(preset="ultrafast")


def _cut(path, folder, config=FAST):
    return cut(path, scan_video(path, probe(path), SHORT).scenes, probe(path), folder, config)


def _pixels(frames):
    return [to_rgb(frame, 160, 90).astype(int) for frame in frames]


def _assert_clips_are_their_scenes(path, clips):
    """Every frame of every clip is the source's frame of that time, and nearer to it than others.

    The first and the last frame are compared with the source's frames just outside the scene too:
    one frame too many or too few on either side would show.
    """
    frames = list(decode(path))
    times, source = [frame_time_s(frame) for frame in frames], _pixels(frames)
    for clip in clips:
        inside = [
            i
            for i, t in enumerate(times)
            if clip.scene.start_s - 1e-6 <= t < clip.scene.end_s - 1e-6
        ]
        shown = list(decode(clip.path))
        assert len(shown) == clip.num_frames == len(inside)
        offsets = [frame_time_s(frame) for frame in shown]
        assert offsets == pytest.approx([times[i] - times[inside[0]] for i in inside], abs=1e-3)
        for picture, index in zip(_pixels(shown), inside, strict=True):
            assert np.abs(picture - source[index]).mean() < 3


@pytest.mark.parametrize("name", ["", "vfr"])
def test_clips_of_rendered_videos_are_exact(media, tmp_path, name):
    clips = _cut(media[name], tmp_path)
    assert len(clips) > 1 or name == ""
    _assert_clips_are_their_scenes(media[name], clips)


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4"])
def test_clips_of_real_footage_are_exact(film_clips, tmp_path, name):
    clips = _cut(film_clips[name], tmp_path, CutConfig(preset="superfast"))
    assert sum(clip.num_frames for clip in clips) == probe(film_clips[name]).num_frames
    _assert_clips_are_their_scenes(film_clips[name], clips)


def test_colours_survive(media, truth, tmp_path):
    """At a scene's middle each object passes its centre: its colour is looked up there."""
    clips = _cut(media["watermarked"], tmp_path)
    scenes = truth["watermarked"]["scenes"]
    assert len(clips) == len(scenes)
    for clip, scene in zip(clips, scenes, strict=True):
        frames = [to_rgb(frame) for frame in decode(clip.path)]
        middle = frames[round(scene["duration_s"] / 2 * truth["watermarked"]["fps"])]
        for thing in scene["objects"][:1]:
            x = round((thing["centre"][0] + clip.width / clip.height / 2) * clip.height)
            # Below the watermark, which crosses the middle row.
            y = round((thing["centre"][1] + 0.5 + thing["radius"] * 0.45) * clip.height)
            patch = middle[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3).mean(axis=0)
            nearest = min(COLOURS, key=lambda name: np.abs(patch - COLOURS[name]).sum())
            assert nearest == thing["colour"]


def test_keyframe_is_the_central_frame(media, tmp_path):
    frames = list(decode(media["sound2"]))
    for clip in _cut(media["sound2"], tmp_path):
        middle_s = (clip.scene.start_s + clip.scene.end_s) / 2
        on_screen = max(t for t in map(frame_time_s, frames) if t <= middle_s + 1e-9)
        assert clip.keyframe_s == pytest.approx(on_screen, abs=1e-6)
        [frame] = [f for f in frames if abs(frame_time_s(f) - on_screen) < 1e-6]
        picture = np.asarray(Image.open(io.BytesIO(clip.keyframe))).astype(int)
        assert np.abs(picture - to_rgb(frame)).mean() < 3


def test_the_same_source_gives_the_same_bytes(media, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _cut(media[""], tmp_path / folder)
    first = sorted((tmp_path / "a").iterdir())
    assert first
    assert all(p.read_bytes() == (tmp_path / "b" / p.name).read_bytes() for p in first)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_rotated_video_is_turned_upright(tmp_path, make_scene, k):
    picture = np.zeros((64, 128, 3), np.uint8)
    picture[:32, :64] = (220, 30, 30)
    frames = np.repeat(picture.transpose(2, 0, 1)[None], 30, axis=0)
    path = write_video(tmp_path / "a.mp4", frames, 25)
    facts = probe(path)
    turned = np.rot90(picture, k)
    changed = {"rotation": 90 * k, "width": turned.shape[1], "height": turned.shape[0]}
    facts = type(facts)(**(vars(facts) | changed))
    scene = make_scene(start_pts=0, end_pts=2**40, time_base=Fraction(1, 12800))
    [clip] = cut(path, [scene], facts, tmp_path, FAST)
    shown = to_rgb(next(iter(decode(clip.path)))).astype(int)
    assert shown.shape == turned.shape
    assert np.abs(shown - turned).mean() < 4


def test_scenes_beyond_the_end_are_a_failure(media, tmp_path):
    last = scan_video(media[""], probe(media[""]), SHORT).scenes[-1]
    beyond = type(last)(**(vars(last) | {"start_pts": 10**9, "end_pts": 10**9 + 1}))
    with pytest.raises(VideoFailure, match="decode_failed"):
        cut(media[""], [beyond], probe(media[""]), tmp_path, FAST)


@pytest.mark.parametrize("changes", [{"crf": 99}, {"preset": "warp"}])
def test_impossible_configs_are_refused(changes):
    with pytest.raises(InputError, match=str(next(iter(changes.values())))):
        CutConfig(**changes)
