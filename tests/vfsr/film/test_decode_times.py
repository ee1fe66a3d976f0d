"""Decoding timestamps against their definition: ascending, never after the packet's own pts."""

import itertools

import numpy as np
import pytest

from vfsr.film.decode_times import decode_times, needed_delay

# One group of pictures as encoders order it: display positions, in the order of decoding.
PYRAMID = [0, 4, 2, 1, 3, 8, 6, 5, 7, 9]


@pytest.mark.parametrize(
    ("order", "delay"), [([0, 1, 2, 3], 0), ([0, 2, 1, 4, 3], 1), (PYRAMID, 2), ([7], 0), ([], 0)]
)
def test_the_delay_is_how_late_a_packet_comes(order, delay):
    assert needed_delay(order) == delay


@pytest.mark.parametrize("seed", range(20))
def test_times_ascend_and_none_is_after_its_frame(seed):
    rng = np.random.default_rng(seed)
    pts = np.cumsum(rng.choice([1, 40, 1001, 90_000], 35)) + rng.integers(-100, 100)
    segments, start = [], 0
    for length in (10, 1, 10, 4, 10):
        shown = pts[start : start + length].tolist()
        order = PYRAMID if length == 10 else range(length)
        segments.append([shown[position] for position in order])
        start += length
    times = list(decode_times(segments, max(map(needed_delay, segments))))
    packets = [value for segment in segments for value in segment]
    assert len(times) == len(packets)
    assert all(a < b for a, b in itertools.pairwise(times))
    assert all(time <= value for time, value in zip(times, packets, strict=True))


def test_even_times_are_the_encoders_own():
    # x264's for 25 frames/s in 1/25 s: two frames ahead.
    assert list(decode_times([PYRAMID], 2)) == list(range(-2, 8))
