"""What scenes are scored with, against what was rendered."""

import io

import numpy as np
import pytest
from PIL import Image

from hdvg.probe import probe
from hdvg.scan.config import ScanConfig
from hdvg.scan.watch_frames import SceneWatcher
from hdvg.video import decode, to_rgb

CONFIG = ScanConfig(min_scene_s=0.5)


def _watch(path, config=CONFIG, frames=None):
    watcher = None
    for frame in frames or decode(path):
        watcher = watcher or SceneWatcher(path, probe(path), config, frame)
        watcher.watch(frame)
    return watcher.finish()


@pytest.fixture(scope="module")
def scenes(media):
    names = ("", "sound2", "vfr", "letterboxed", "watermarked", "subtitled", "duplicate", "web")
    return {name: _watch(media[name])[0] for name in names}


def test_bars_are_found_where_they_were_rendered(scenes, truth):
    height, width = truth["letterboxed"]["height"], truth["letterboxed"]["width"]
    bar = round(height * 0.12)
    for scene in scenes["letterboxed"]:
        assert (scene.crop.x, scene.crop.width) == (0, width)
        assert abs(scene.crop.y - bar) <= 2
        assert abs(scene.crop.y + scene.crop.height - (height - bar)) <= 2
        assert scene.scores.black_bars == pytest.approx(0.24, abs=0.02)
    assert {s.crop for name in scenes if name != "letterboxed" for s in scenes[name]} == {None}


def test_watermarks_are_told_from_the_rest(scenes):
    scores = {name: found[0].scores.watermark for name, found in scenes.items()}
    assert min(scores["watermarked"], scores["web"]) >= 0.5
    assert max(score for name, score in scores.items() if name not in ("watermarked", "web")) < 0.5


def test_a_copy_has_the_fingerprints_of_its_original(scenes, truth):
    names = {truth[name]["video_id"]: name for name in ("", "sound2")}
    original = scenes[names[truth["duplicate"]["copy_of"]]]
    pairs = [
        (a.scores.fingerprint ^ b.scores.fingerprint).bit_count()
        for a, b in zip(original, scenes["duplicate"], strict=True)
    ]
    assert max(pairs) <= 4
    across = [
        (a.scores.fingerprint ^ b.scores.fingerprint).bit_count()
        for a in scenes["vfr"]
        for b in original
    ]
    assert min(across) > 8


@pytest.mark.parametrize("name", ["", "vfr"])
def test_luma_numbers_are_those_of_the_frames(scenes, media, name):
    frames = list(decode(media[name]))
    every = {frame.pts: frame.to_ndarray()[: frame.height].astype(float) for frame in frames}
    for scene in scenes[name]:
        inside = [y for pts, y in every.items() if scene.start_pts <= pts < scene.end_pts]
        full = (np.stack(inside) - 16) * 255 / 219
        steps = np.abs(np.diff(full, axis=0)).mean(axis=(1, 2))
        scores = scene.scores
        assert scores.luma == pytest.approx(full.mean(), abs=1)
        assert scores.contrast == pytest.approx(full.std(axis=(1, 2)).mean(), abs=1)
        assert scores.motion == pytest.approx(steps.mean(), rel=0.15)
        assert scores.static_ratio == pytest.approx((steps < 0.1).mean(), abs=0.1)


def test_a_freeze_counts_as_static(media):
    frames = list(decode(media["web"]))
    step = frames[1].pts - frames[0].pts
    frozen = []
    for index in range(60):
        frame = frames[min(index, 30)].reformat()
        frame.pts, frame.time_base = index * step, frames[0].time_base
        frozen.append(frame)
    [scene], count, motion = _watch(media["web"], frames=frozen)
    assert scene.scores.static_ratio == pytest.approx(29 / 59, abs=0.06)
    assert (scene.num_frames, count) == (60, 1)
    assert motion == pytest.approx(scene.scores.motion)


def test_a_frame_that_is_not_held_is_decoded_again(media, monkeypatch):
    monkeypatch.setattr("hdvg.scan.hold_frames.FrameHolder.nearest", lambda *_: None)
    again, _, _ = _watch(media["web"])
    [frame] = [frame for frame in decode(media["web"]) if frame.pts == again[0].keyframe_pts]
    picture = np.asarray(Image.open(io.BytesIO(again[0].keyframe))).astype(int)
    assert np.abs(picture - to_rgb(frame)).mean() < 3
