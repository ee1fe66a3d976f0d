import cv2
import numpy as np
import pytest
from scipy.fft import dctn

from hdvg.scan.measure_keyframe import fingerprint, measure_sharpness


@pytest.fixture(scope="module")
def picture():
    rng = np.random.default_rng(0)
    return cv2.resize(
        rng.integers(20, 220, (18, 32), dtype=np.uint8), (640, 360), interpolation=cv2.INTER_CUBIC
    )


def test_sharpness_is_the_variance_of_the_laplacian(picture):
    full = (picture.astype(float) - 16) * 255 / 219
    padded = np.pad(full, 1, mode="reflect")
    laplacian = (
        padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * full
    )
    assert measure_sharpness(picture) == pytest.approx(laplacian.var(), rel=1e-6)


def test_blur_lowers_sharpness(picture):
    assert measure_sharpness(cv2.GaussianBlur(picture, (9, 9), 3)) < measure_sharpness(picture)


def test_fingerprint_is_the_sign_of_low_frequencies(picture):
    picture = cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA).astype(float)
    waves = dctn(small, norm="ortho")[:8, :8].reshape(-1)
    rest = np.median(waves[1:])
    waves[0] = rest
    bits = "".join("1" if wave > np.median(waves) else "0" for wave in waves)
    assert fingerprint(picture) == int(bits, 2)
    assert 0 <= fingerprint(picture) < 2**64


def test_fingerprint_survives_scaling_noise_and_light(picture):
    rng = np.random.default_rng(1)
    noisy = np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
    copies = [cv2.resize(picture, (426, 240)), noisy, (picture * 0.9 + 10).astype(np.uint8)]
    own = fingerprint(picture)
    assert [(own ^ fingerprint(copy)).bit_count() <= 4 for copy in copies] == [True] * 3
    other = np.ascontiguousarray(picture[::-1, ::-1])
    assert (own ^ fingerprint(other)).bit_count() > 16
