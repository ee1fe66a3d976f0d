import itertools

import numpy as np
import pytest

from vfsr.dead_leaves import render_dead_leaves


@pytest.mark.parametrize("size", [(96, 160), (33, 70)])
def test_size_and_type(size):
    picture = render_dead_leaves(np.random.default_rng(0), *size)
    assert picture.shape == (*size, 3)
    assert picture.dtype == np.uint8


def test_a_picture_is_its_seed():
    one, again, other = (render_dead_leaves(np.random.default_rng(s), 64, 64) for s in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_spectrum_falls_like_that_of_photographs():
    """Natural images have power spectra of 1/f^a with a about 2 (1.5 to 2.8 in the literature)."""
    slopes = []
    for seed in range(4):
        gray = render_dead_leaves(np.random.default_rng(seed), 256, 256).mean(axis=2)
        window = np.hanning(256)[:, None] * np.hanning(256)[None]
        power = np.abs(np.fft.rfft2((gray - gray.mean()) * window)) ** 2
        f = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None])
        bands = np.geomspace(0.02, 0.35, 9)
        means = [power[(f >= a) & (f < b)].mean() for a, b in itertools.pairwise(bands)]
        slopes.append(np.polyfit(np.log(np.sqrt(bands[1:] * bands[:-1])), np.log(means), 1)[0])
    assert -2.8 < np.mean(slopes) < -1.4
