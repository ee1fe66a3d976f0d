"""Near fingerprints against comparing all with all."""

import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.scoring.find_near import find_originals, find_pairs


def _planted(seed, count=300):
    """Random codes, with others from 0 to 9 bits away from some of them in between."""
    rng = np.random.default_rng(seed)
    codes = [int(code) for code in rng.integers(0, 2**64, count, np.uint64)]
    for code in codes[: count // 2]:
        bits = rng.choice(64, int(rng.integers(0, 10)), replace=False)
        codes.append(code ^ sum(1 << int(bit) for bit in bits))
    rng.shuffle(codes)
    return codes


def _distance(a, b):
    return (int(a) ^ int(b)).bit_count()


@pytest.mark.parametrize("distance", range(8))
@pytest.mark.parametrize("seed", range(3))
def test_no_pair_is_missed_and_none_is_made_up(seed, distance):
    codes = list(dict.fromkeys(_planted(seed)))
    expected = [
        (i, j)
        for j in range(len(codes))
        for i in range(j)
        if _distance(codes[i], codes[j]) <= distance
    ]
    assert find_pairs(np.array(codes, np.uint64), distance) == expected


@pytest.mark.parametrize("distance", [0, 4, 7])
@pytest.mark.parametrize("seed", range(3))
def test_each_belongs_to_the_first_original_that_it_is_near_to(seed, distance):
    codes = _planted(seed)
    originals, expected = [], []
    for place, code in enumerate(codes):
        near = [o for o in originals if _distance(codes[o], code) <= distance]
        if not near:
            originals.append(place)
        expected.append(near[0] if near else place)
    found = find_originals(np.array(codes, np.uint64), distance)
    # A copy of a code goes where the code goes: equal pictures have equal originals.
    assert found.tolist() == expected
    assert len(set(found.tolist())) == len(originals)


def test_chains_of_small_steps_do_not_join_what_is_far_apart():
    steps = np.array([(1 << k) - 1 for k in range(0, 40, 4)], np.uint64)
    assert find_originals(steps, 4).tolist() == [0, 0, 2, 2, 4, 4, 6, 6, 8, 8]


def test_what_comes_later_changes_nothing():
    codes = np.array(_planted(5), np.uint64)
    whole = find_originals(codes, 6)
    assert find_originals(codes[:200], 6).tolist() == whole[:200].tolist()


def test_many_take_no_comparison_of_all_with_all():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2**64, 30_000, np.uint64)
    codes[20_000:20_010] = codes[:10] ^ np.uint64(0b1011)
    found = find_originals(codes, 6)
    assert found[20_000:20_010].tolist() == list(range(10))
    assert (found == np.arange(len(codes))).mean() > 0.999


def test_nothing_and_nonsense():
    assert find_originals(np.zeros(0, np.uint64), 3).tolist() == []
    assert find_originals(np.zeros(3, np.uint64), 0).tolist() == [0, 0, 0]
    for distance in (-1, 8):
        with pytest.raises(InputError, match=f"got {distance}"):
            find_originals(np.zeros(2, np.uint64), distance)
