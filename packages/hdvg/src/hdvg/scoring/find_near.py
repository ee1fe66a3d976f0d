"""Fingerprints that differ in few bits, found exactly and without comparing all with all.

Multi-index hashing (Norouzi, Punjani and Fleet, CVPR 2012): 64 bits in four bands of 16. Two
fingerprints that differ in at most 7 bits differ in at most one bit of some band, so looking each
band up, with its 16 one-bit neighbours, misses none. A million random fingerprints need about a
thousand comparisons each rather than a million.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from hdvg.errors import InputError

Codes = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

MAX_DISTANCE = 7
_BANDS, _BAND_BITS = 4, 16
_CHUNK = 2**22  # candidates that are compared at a time: 100 MB


def find_originals(codes: Codes, max_distance: int) -> Numbers:
    """For each fingerprint the first one that it is near to, or its own place.

    A fingerprint is an original if no original before it is near; every other one belongs to the
    first original that it is near to. So no two originals are near each other, and chains of small
    steps do not join what is far apart. What comes later never changes what was found before.

    Args:
        codes: uint64 [N].
        max_distance: Bits in which near ones may differ, 0..7.

    Raises:
        InputError: `max_distance` is out of range.
    """
    if not 0 <= max_distance <= MAX_DISTANCE:
        raise InputError(f"max_distance must be from 0 to {MAX_DISTANCE}, got {max_distance}")
    _, firsts, kinds = np.unique(codes, return_index=True, return_inverse=True)
    order = np.argsort(firsts)  # of the distinct codes, by where they are first met
    places = firsts[order]
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    original = np.arange(len(places))
    for earlier, later in find_pairs(codes[places], max_distance):
        if original[later] == later and original[earlier] == earlier:
            original[later] = earlier
    found: Numbers = places[original][rank[kinds.reshape(-1)]]
    return found


def find_pairs(codes: Codes, max_distance: int) -> list[tuple[int, int]]:
    """Pairs (i, j), i < j, of distinct fingerprints that differ in at most `max_distance` bits.

    Sorted by j, then i. `max_distance` is at most 7.
    """
    found = [np.zeros((0, 2), np.int64)]
    for first, second in _candidates(codes):
        near = np.bitwise_count(codes[first] ^ codes[second]) <= max_distance
        near &= first < second
        found.append(np.stack([first[near], second[near]], 1))
    pairs = np.unique(np.concatenate(found)[:, ::-1], axis=0)
    return [(int(i), int(j)) for j, i in pairs]


def _band(codes: Codes, number: int) -> Numbers:
    shift = np.uint64(number * _BAND_BITS)
    return ((codes >> shift) & np.uint64(2**_BAND_BITS - 1)).astype(np.int64)


def _candidates(codes: Codes) -> Iterator[tuple[Numbers, Numbers]]:
    """Places [M] and [M] of codes that have a band in common but for one bit."""
    flips = [0, *(1 << bit for bit in range(_BAND_BITS))]
    for number in range(_BANDS):
        band = _band(codes, number)
        order = np.argsort(band, kind="stable")
        ordered = band[order]
        for flip in flips:
            low = np.searchsorted(ordered, band ^ flip, "left")
            count = np.searchsorted(ordered, band ^ flip, "right") - low
            yield from _expand(order, low, count)


def _expand(order: Numbers, low: Numbers, count: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Each number i with order[low[i] : low[i] + count[i]], some millions of pairs at a time."""
    ends = np.cumsum(count)
    start = 0
    while start < len(count):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + _CHUNK, "right")))
        sizes = count[start:stop]
        first = np.repeat(np.arange(start, stop), sizes)
        offset = np.arange(len(first)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        yield first, order[np.repeat(low[start:stop], sizes) + offset]
        start = stop
