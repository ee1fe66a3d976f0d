import av
import numpy as np
import pytest

from hdvg.scan.find_dissolves import coarsen, find_dissolves, is_mixed
from hdvg.scan.planes import shrink
from hdvg.video import decode, to_rgb

LAG = 6


def _coarse(pictures):
    frames = (
        av.VideoFrame.from_ndarray(p.astype(np.uint8)).reformat(format="yuv420p") for p in pictures
    )
    return np.stack([coarsen(shrink(frame)) for frame in frames])


def _find(coarse):
    mixed = np.zeros(len(coarse), bool)
    for now in range(LAG, len(coarse) - LAG):
        mixed[now] = is_mixed(coarse[now - LAG], coarse[now], coarse[now + LAG])
    return find_dissolves(mixed, coarse, LAG)


@pytest.fixture(scope="module")
def footage(film_clips):
    """Moving pictures of two films, RGB float."""

    def read(name, first):
        frames = list(decode(film_clips[name]))[first : first + 80]
        return [to_rgb(frame, 256, 144).astype(np.float32) for frame in frames]

    return read("bigbuckbunny.mp4", 30), read("bikes.mp4", 100)


@pytest.mark.parametrize("length", [10, 16, 30])
def test_dissolves_of_moving_footage_are_found_whole(footage, length):
    first, second = footage
    start = 40 - length // 2
    weight = np.clip((np.arange(80) - start + 1) / (length + 1), 0, 1)
    pictures = [a + (b - a) * w for a, b, w in zip(first, second, weight, strict=True)]
    [gap] = _find(_coarse(pictures))
    assert (gap.before, gap.after) == ("dissolve", "dissolve")
    assert -3 - 0.15 * length <= gap.start - start <= 2
    assert -2 <= gap.end - (start + length) <= 3 + 0.15 * length


def test_a_hard_cut_is_no_dissolve(footage):
    first, second = footage
    assert _find(_coarse([*first[:40], *second[:40]])) == []


def test_footage_itself_holds_none(footage):
    assert [_find(_coarse(film)) for film in footage] == [[], []]


@pytest.mark.parametrize("speed", [1, 3, 6])
def test_a_pan_is_no_dissolve(footage, speed):
    picture = footage[0][0]
    pictures = [np.roll(picture, -speed * step, axis=1) for step in range(60)]
    assert _find(_coarse(pictures)) == []


def test_pictures_that_hardly_differ_are_not_mixed():
    rng = np.random.default_rng(0)
    low = rng.integers(0, 200, 1152, dtype=np.uint8)
    assert not is_mixed(low, low + 2, low + 4)
    assert is_mixed(low, low + 10, low + 20)
    assert not is_mixed(low, low, low + 20)
