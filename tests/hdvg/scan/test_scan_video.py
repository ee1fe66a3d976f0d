import numpy as np
import pytest

from hdvg.failures import VideoFailure
from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.scan_video import scan_video
from hdvg.video import decode, frame_time_s, write_video

SHORT = ScanConfig(min_scene_s=0.5)


def scan(path, config):
    return scan_video(path, probe(path), config)


@pytest.mark.parametrize("name", ["", "sound2", "vfr", "letterboxed", "watermarked"])
def test_rendered_cuts_are_found_to_the_frame(media, truth, name):
    scenes = scan(media[name], SHORT).scenes
    cuts = truth[name]["cuts"]
    assert len(scenes) == len(cuts) + 1
    frame_s = 1.0 / truth[name]["fps"]
    for before, after, cut in zip(scenes, scenes[1:], cuts, strict=False):
        # Hard cuts are exact. Black lasts some frames in a fade, and its middle is the boundary.
        slack_s = 3 * frame_s if cut["fade"] else 1e-4
        assert after.start_s == pytest.approx(cut["time_s"], abs=slack_s)
        assert before.end_s <= after.start_s
        assert (before.boundary_end == "fade") == cut["fade"]
    assert scenes[0].boundary_start == scenes[-1].boundary_end == "video_edge"


def test_scenes_of_real_footage_cover_it(film_clips):
    """bikes.mp4 has hard cuts; the largest changes between its frames are where they are."""
    found = scan(film_clips["bikes.mp4"], ScanConfig(min_scene_s=0.1))
    frames = list(decode(film_clips["bikes.mp4"]))
    luma = np.stack([f.to_ndarray(format="gray").astype(np.int16)[::4, ::4] for f in frames])
    change = np.abs(np.diff(luma, axis=0)).mean(axis=(1, 2))
    starts = [scene.start_s for scene in found.scenes if scene.boundary_start == "cut"]
    largest = np.argsort(change)[-len(starts) :] + 1
    assert len(starts) == 5
    assert starts == pytest.approx(sorted(frame_time_s(frames[i]) for i in largest), abs=1e-6)


def test_a_single_shot_is_one_scene(film_clips, media):
    assert len(scan(film_clips["bigbuckbunny.mp4"], SHORT).scenes) >= 1
    [scene] = scan(media["web"], SHORT).scenes
    assert (scene.boundary_start, scene.boundary_end) == ("video_edge", "video_edge")


def test_slideshow_is_refused(media):
    with pytest.raises(VideoFailure, match="static"):
        scan(media["static"], SHORT)


def test_short_scenes_are_dropped_but_counted(media, truth):
    lengths = [scene["duration_s"] for scene in truth["watermarked"]["scenes"]]
    limit = sorted(lengths)[len(lengths) // 2]
    found = scan(media["watermarked"], ScanConfig(min_scene_s=limit))
    assert found.num_scenes == len(lengths)
    assert 0 < len(found.scenes) < len(lengths)
    assert all(scene.end_s - scene.start_s >= limit - 1e-6 for scene in found.scenes)


def test_no_scene_is_long_enough(media):
    with pytest.raises(VideoFailure, match="no_scenes"):
        scan(media[""], ScanConfig(min_scene_s=9.0))


def test_long_scenes_are_split_evenly(media):
    found = scan(media["web"], ScanConfig(min_scene_s=0.5, max_scene_s=1.0))
    whole = scan(media["web"], SHORT).scenes[0]
    lengths = [scene.end_s - scene.start_s for scene in found.scenes]
    assert sum(lengths) == pytest.approx(whole.end_s - whole.start_s)
    assert max(lengths) <= 1.0 + 0.05
    assert max(lengths) - min(lengths) < 0.1
    assert found.scenes[0].boundary_end == found.scenes[1].boundary_start == "forced"
    assert [scene.index for scene in found.scenes] == list(range(len(lengths)))


def test_one_frame_flash_does_not_bleed_into_a_scene(tmp_path):
    rng = np.random.default_rng(0)
    frames = np.repeat(rng.integers(0, 90, (1, 3, 72, 128), dtype=np.uint8), 60, axis=0)
    frames[:, :, :, :40] += np.arange(60, dtype=np.uint8)[:, None, None, None]
    frames[30] = 255
    path = write_video(tmp_path / "flash.mp4", frames, 25)
    scenes = scan(path, SHORT).scenes
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
    assert len(scan(path, SHORT).scenes) == 1
