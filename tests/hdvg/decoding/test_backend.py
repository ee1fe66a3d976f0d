"""Every decoder shows the same frames of copied and encoded clips, black bars apart."""

import sys

import numpy as np
import pytest

from hdvg.cut.cut_clip import CutConfig
from hdvg.cut.encode import encode
from hdvg.decoding.backend import BACKENDS, choose_backend, read_frames
from hdvg.errors import InputError
from hdvg.probe import probe


def _installed():
    for name in BACKENDS:
        try:
            yield choose_backend(name, [])
        except InputError:
            continue


INSTALLED = list(_installed())


@pytest.fixture(scope="module")
def clips(films, frames_of, scenes_at, copied, tmp_path_factory):
    """(first frame, frames, file): copied ones, and the same scenes encoded."""
    path = films("h264_vfr")
    frames, time_base = frames_of(path)
    scenes = scenes_at(frames, time_base, [0, 7, 40])
    folder = tmp_path_factory.mktemp("encoded")
    encoded = encode(path, scenes, probe(path), folder, CutConfig(preset="ultrafast"))
    made = [*copied("h264"), *copied("h264_vfr"), *zip([0, 7], [7, 40], encoded, strict=True)]
    return [(first, last - first, clip.path.read_bytes()) for first, last, clip in made]


@pytest.mark.parametrize("backend", INSTALLED)
def test_windows_show_the_same_frames(clips, number_in, backend):
    generator = np.random.default_rng(0)
    for first, count, content in clips:
        times_s = np.sort(generator.uniform(0, count / 25, 5)).tolist()
        windows = {name: read_frames(name, content, times_s, 96, 64) for name in ("pyav", backend)}
        numbers = {
            name: [number_in(frame.transpose(1, 2, 0)) for frame in window]
            for name, window in windows.items()
        }
        assert numbers[backend] == numbers["pyav"]
        assert min(numbers["pyav"]) >= first
        assert windows[backend].shape == (5, 3, 64, 96)
        # Fine chroma is interpolated in different ways; its mean over blocks is not.
        small = [read_frames(name, content, times_s, 12, 8) for name in ("pyav", backend)]
        assert np.abs(small[0].astype(int) - small[1]).mean() < 3


@pytest.mark.parametrize("backend", INSTALLED)
def test_only_the_box_is_seen(clips, backend):
    """The box holds one bright square of the frame number's row in frame 1 and nothing else."""
    _, _, content = clips[0]
    window = read_frames(backend, content, [1 / 25], 4, 4, box=(6, 6, 6, 6))
    assert window.shape == (1, 3, 4, 4)
    assert window.min() > 190
    assert read_frames(backend, content, [1 / 25], 4, 4, box=(17, 6, 6, 6)).max() < 70


@pytest.mark.parametrize("backend", INSTALLED)
def test_damage_is_an_input_error(backend):
    with pytest.raises(InputError, match="not a readable video"):
        read_frames(backend, b"not a video", [0.0], 8, 8)


def test_auto_takes_one_that_is_always_there():
    assert choose_backend("auto", ["h264", "av1"]) == "pyav"


def test_bad_choices_are_named(monkeypatch):
    with pytest.raises(InputError, match="backend must be auto or one of pyav, decord"):
        choose_backend("vlc", [])
    if "decord" in INSTALLED:
        with pytest.raises(InputError, match="backend 'decord' cannot read av1"):
            choose_backend("decord", ["h264", "av1"])
    monkeypatch.setitem(sys.modules, "decord", None)
    monkeypatch.delitem(sys.modules, "hdvg.decoding.by_decord", raising=False)
    with pytest.raises(InputError, match="backend 'decord' is not there: pip install decord"):
        choose_backend("decord", ["h264"])
