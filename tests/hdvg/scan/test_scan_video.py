import io

import numpy as np
import pytest
from PIL import Image
from scenedetect import AdaptiveDetector, detect

from hdvg.failures import VideoFailure
from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.scan_video import scan_video
from hdvg.shapes.film import TRANSITION_S
from hdvg.video import decode, to_rgb, write_video

SHORT = ScanConfig(min_scene_s=0.5)
SOUND = ["", "sound2", "vfr", "letterboxed", "watermarked", "subtitled"]


def scan(path, config=SHORT):
    return scan_video(path, probe(path), config)


@pytest.mark.parametrize("name", SOUND)
def test_cuts_are_found_to_the_frame_and_transitions_trimmed(media, truth, name):
    scenes = scan(media[name]).scenes
    cuts = truth[name]["cuts"]
    assert len(scenes) == len(cuts) + 1
    frame_s = 1.0 / truth[name]["fps"]
    for before, after, cut in zip(scenes, scenes[1:], cuts, strict=False):
        assert (before.boundary_end, after.boundary_start) == (cut["transition"],) * 2
        if cut["transition"] == "cut":
            assert before.end_s == after.start_s == pytest.approx(cut["time_s"], abs=1e-4)
        else:
            # Mixed frames are in no clip, but for the ones that are all but pure.
            edges = np.asarray([before.end_s, after.start_s]) - cut["time_s"]
            assert edges == pytest.approx([-TRANSITION_S, TRANSITION_S], abs=6 * frame_s)
    assert scenes[0].boundary_start == scenes[-1].boundary_end == "video_edge"


@pytest.mark.parametrize("name", ["", "sound2", "vfr"])
def test_frames_are_counted(media, name):
    pts = [frame.pts for frame in decode(media[name])]
    for scene in scan(media[name]).scenes:
        assert scene.num_frames == sum(scene.start_pts <= t < scene.end_pts for t in pts)
        assert scene.start_pts in pts
        assert scene.start_pts <= scene.keyframe_pts < scene.end_pts


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4"])
def test_cuts_of_real_footage_are_py_scene_detect_s(film_clips, name):
    path = film_clips[name]
    theirs = detect(str(path), AdaptiveDetector(min_scene_len=1))
    scenes = scan(path, ScanConfig(min_scene_s=0.05)).scenes
    ours = [scene.start_s for scene in scenes[1:]]
    assert ours == pytest.approx([start.seconds for start, _ in theirs[1:]], abs=1 / 25 + 1e-6)


@pytest.mark.parametrize("name", ["", "sound2", "watermarked", "subtitled"])
def test_hard_cuts_of_rendered_videos_are_py_scene_detect_s(media, truth, name):
    found = detect(str(media[name]), AdaptiveDetector(min_scene_len=1))
    theirs = [start.seconds for start, _ in found]
    soft = [cut["time_s"] for cut in truth[name]["cuts"] if cut["transition"] != "cut"]
    theirs = [t for t in theirs[1:] if all(abs(t - other) > 2 * TRANSITION_S for other in soft)]
    ours = [s.start_s for s in scan(media[name]).scenes if s.boundary_start == "cut"]
    assert ours == pytest.approx(theirs, abs=1 / truth[name]["fps"] + 1e-3)


def test_keyframe_is_a_frame_near_the_middle(media):
    frames = {frame.pts: frame for frame in decode(media["sound2"])}
    for scene in scan(media["sound2"]).scenes:
        middle_s, length_s = (scene.start_s + scene.end_s) / 2, scene.end_s - scene.start_s
        assert abs(scene.keyframe_s - middle_s) <= length_s / 8 + 0.05
        picture = np.asarray(Image.open(io.BytesIO(scene.keyframe))).astype(int)
        shown = to_rgb(frames[scene.keyframe_pts])
        assert np.abs(picture - shown).mean() < 3


def test_slideshow_is_refused(media):
    with pytest.raises(VideoFailure, match="static"):
        scan(media["static"])


def test_short_scenes_are_dropped_but_counted(media, truth):
    every = scan(media["watermarked"], ScanConfig(min_scene_s=0.1))
    lengths = sorted(scene.end_s - scene.start_s for scene in every.scenes)
    limit = lengths[len(lengths) // 2]
    found = scan(media["watermarked"], ScanConfig(min_scene_s=limit))
    assert found.num_scenes == len(truth["watermarked"]["scenes"]) == len(lengths)
    assert 0 < len(found.scenes) < len(lengths)
    assert all(scene.end_s - scene.start_s >= limit - 1e-6 for scene in found.scenes)


def test_no_scene_is_long_enough(media):
    with pytest.raises(VideoFailure, match="no_scenes"):
        scan(media[""], ScanConfig(min_scene_s=9.0))


def test_long_scenes_become_pieces(media):
    found = scan(media["web"], ScanConfig(min_scene_s=0.5, max_scene_s=1.0))
    [whole] = scan(media["web"]).scenes
    assert sum(scene.num_frames for scene in found.scenes) == whole.num_frames
    assert max(scene.end_s - scene.start_s for scene in found.scenes) <= 1.0 + 0.05
    assert found.scenes[0].boundary_end == found.scenes[1].boundary_start == "forced"
    assert [scene.index for scene in found.scenes] == list(range(len(found.scenes)))


def test_one_frame_flash_does_not_bleed_into_a_scene(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 90, (1, 3, 72, 128), dtype=np.uint8), 60, axis=0)
    frames[:, :, :, :40] += np.arange(60, dtype=np.uint8)[:, None, None, None]
    frames[30] = 255
    path = write_video(tmp_path / "flash.mp4", frames, 25)
    scenes = scan(path).scenes
    assert [(round(s.start_s * 25), round(s.end_s * 25)) for s in scenes] == [(0, 30), (31, 60)]


def test_hue_of_grey_is_not_taken_for_a_cut(tmp_path):
    """A grey picture whose faint tint flips at one frame, as coding noise does at a keyframe."""
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(90, 160, (1, 1, 72, 128), dtype=np.uint8), 60, axis=0)
    frames = np.repeat(frames, 3, axis=1)
    frames[:, :, :, :20] += np.arange(60, dtype=np.uint8)[:, None, None, None]
    frames[:30, 0] += 8
    frames[30:, 2] += 8
    path = write_video(tmp_path / "grey.mp4", frames, 25)
    assert len(scan(path).scenes) == 1


@pytest.mark.parametrize("name", SOUND)
def test_fast_mode_is_within_three_frames(media, name):
    every, fast = scan(media[name]), scan(media[name], ScanConfig(min_scene_s=0.5, fast=True))
    assert len(every.scenes) == len(fast.scenes)
    pts = [frame.pts for frame in decode(media[name])]
    for full, quick in zip(every.scenes, fast.scenes, strict=True):
        if full.boundary_start == "cut":
            assert 0 <= pts.index(quick.start_pts) - pts.index(full.start_pts) <= 3
        if full.boundary_end == "cut":
            assert 0 <= pts.index(full.end_pts) - pts.index(quick.end_pts) <= 3
        assert quick.num_frames == sum(quick.start_pts <= t < quick.end_pts for t in pts)


@pytest.mark.parametrize("name", ["bikes.mp4", "bigbuckbunny.mp4"])
def test_fast_mode_finds_the_cuts_of_real_footage(film_clips, name):
    path = film_clips[name]
    every, fast = (scan(path, ScanConfig(min_scene_s=0.1, fast=fast)) for fast in (False, True))
    assert fast.cuts_s == pytest.approx(every.cuts_s, abs=3.01 / 25)
