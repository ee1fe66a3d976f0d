"""One size, rate and length: against videos whose every frame is known."""

import av
import numpy as np
import pytest

from hdvg.errors import InputError
from vfmodel.study.equalise import (
    EqualFormat,
    VideoFacts,
    choose_format,
    damage,
    measure_video,
    read_equal,
    share_cropped,
    write_equal,
)


def facts(width, height, fps, duration_s=1.0):
    return VideoFacts(width=width, height=height, fps=float(fps), duration_s=duration_s)


def test_a_video_is_measured_by_its_frames(tmp_path, study_tools):
    found = measure_video(study_tools.write_clip(tmp_path / "a.mp4", 20, fps=12.5, frames=10))
    assert (found.width, found.height) == (64, 48)
    assert found.fps == pytest.approx(12.5)
    assert found.duration_s == pytest.approx(0.8)


def test_what_cannot_be_watched_is_refused(tmp_path, study_tools):
    (tmp_path / "junk.mp4").write_bytes(b"junk")
    study_tools.write_clip(tmp_path / "one.mp4", 20, frames=1)
    whole = study_tools.write_clip(tmp_path / "a.mp4", 20, frames=40).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    for name in ("junk.mp4", "one.mp4", "cut.mp4"):
        with pytest.raises(InputError, match=name):
            measure_video(tmp_path / name)


def test_the_format_takes_the_tallest_the_narrowest_and_every_frame():
    wide, square, slow = facts(344, 192, 8), facts(256, 256, 10), facts(128, 96, 4)
    assert choose_format([[wide]]) == EqualFormat(width=344, height=192, fps=8.0)
    # 256 lines, and a square's aspect; 8 and 10 meet at 40, which is too many.
    assert choose_format([[wide, wide], [square]]) == EqualFormat(width=256, height=256, fps=30.0)
    assert choose_format([[wide], [slow]]) == EqualFormat(width=256, height=192, fps=8.0)
    assert choose_format([[facts(1376, 768, 24)]]).height == 512
    # One odd file does not decide for a model.
    assert choose_format([[wide, wide, facts(100, 900, 60)]]) == choose_format([[wide]])


def test_the_share_that_is_cropped():
    form = EqualFormat(width=256, height=256, fps=8.0)
    assert share_cropped(facts(512, 256, 8), form) == pytest.approx(0.5)
    assert share_cropped(facts(128, 256, 8), form) == pytest.approx(0.5)
    assert share_cropped(facts(64, 64, 8), form) == 0


def test_frames_are_those_on_screen_at_the_new_rate(tmp_path, study_tools):
    path = study_tools.write_clip(tmp_path / "a.mp4", 20, fps=8, frames=8)
    frames = read_equal(path, EqualFormat(width=32, height=32, fps=24.0), 0.5)
    levels = frames.reshape(len(frames), -1).mean(1)
    assert np.allclose(levels, np.repeat(20 + 2 * np.arange(4), 3), atol=1.01)
    assert read_equal(path, EqualFormat(width=32, height=32, fps=8.0), 1.0).shape == (8, 3, 32, 32)


def test_a_file_carries_nothing_but_its_pictures(tmp_path, study_tools):
    frames = np.full((6, 3, 32, 48), 90, np.uint8)
    for name in ("a.mp4", "b.mp4"):
        write_equal(tmp_path / name, frames, 8.0)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert (tmp_path / "a.mp4").stat().st_mtime == (tmp_path / "b.mp4").stat().st_mtime
    with av.open(str(tmp_path / "a.mp4")) as container:
        told = {**container.metadata, **container.streams.video[0].metadata}
    told = {name: value for name, value in told.items() if name not in ("language", "vendor_id")}
    assert set(told) <= {
        "major_brand",
        "minor_version",
        "compatible_brands",
        "encoder",
        "handler_name",
    }


def test_a_damaged_copy_is_far_from_the_video_in_every_frame():
    x, y = np.meshgrid(np.linspace(0, 255, 96), np.linspace(0, 255, 64))
    frames = np.stack([x, y, (x + y) / 2])[None].repeat(5, 0).astype(np.uint8)
    damaged = damage(frames, seed=1)
    assert damaged.shape == frames.shape
    assert damaged.dtype == np.uint8
    error = np.square(damaged.astype(float) - frames).mean((1, 2, 3))
    assert (10 * np.log10(255**2 / error)).max() < 17
    assert not np.array_equal(damaged[0], damaged[1])
    assert np.array_equal(damaged, damage(frames, seed=1))
