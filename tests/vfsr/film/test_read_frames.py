"""Frames and timestamps as they are read."""

import itertools

import numpy as np
import pytest

from hdvg.video import to_rgb
from vfsr.film.describe import describe
from vfsr.film.read_frames import Damage, read_frames


def read(path, skip=0):
    damage = Damage()
    return list(read_frames(path, describe(path), skip, damage)), damage


def test_frames_come_with_their_times(render_film, frames_of, tmp_path):
    times = [0, 300, 1500, 9000, 9300, 40_000]
    path = render_film(tmp_path / "a.mp4", times)
    frames, damage = read(path)
    assert [frame.pts for frame in frames] == times
    assert [frame.duration for frame in frames[:-1]] == np.diff(times).tolist()
    for frame, truth in zip(frames, frames_of(path), strict=True):
        assert np.array_equal(frame.levels, to_rgb(truth))
    assert damage == Damage()


@pytest.mark.parametrize("skip", [0, 1, 7, 10, 11])
def test_skipping_is_reading_and_forgetting(render_film, tmp_path, skip):
    path = render_film(tmp_path / "a.mp4", range(0, 12_000, 1200), options={"bf": "3"})
    frames, _ = read(path, skip)
    assert [frame.pts for frame in frames] == [*range(0, 12_000, 1200)][skip:]


def test_times_that_go_back_are_moved_on(render_film, tmp_path):
    halves = [
        render_film(tmp_path / f"{name}.ts", range(0, 6000, 1200), options={"bf": "0"})
        for name in "ab"
    ]
    path = tmp_path / "c.ts"
    path.write_bytes(b"".join(half.read_bytes() for half in halves))
    frames, damage = read(path)
    times = [frame.pts for frame in frames]
    assert len(times) == 10
    assert all(before < after for before, after in itertools.pairwise(times))
    assert damage.packets == 0
