import numpy as np

from hdvg.scan.config import ScanConfig
from hdvg.scan.find_boundaries import Stretch, find_boundaries

CONFIG = ScanConfig()


def _stretch(length, **changed):
    rng = np.random.default_rng(0)
    series = {
        "change": rng.uniform(1, 2, length),
        "luma": np.full(length, 110.0),
        "contrast": np.full(length, 40.0),
        "mixed": np.zeros(length, np.bool_),
        "coarse": np.full((length, 1152), 90, np.uint8),
    }
    return Stretch(**(series | changed), lag=6, reach=30)


def test_nothing_happens():
    found = find_boundaries(_stretch(80), CONFIG)
    assert (found.marks, found.gap.any()) == ({}, False)


def test_a_cut_needs_no_gap():
    change = np.full(80, 1.0)
    change[33] = 60.0
    found = find_boundaries(_stretch(80, change=change), CONFIG)
    assert (found.marks, found.gap.any()) == ({33: "cut"}, False)


def test_a_fade_absorbs_what_the_cut_detector_saw_in_it():
    light = np.concatenate([np.ones(40), np.linspace(1, 0, 11)[1:], np.linspace(0, 1, 11)[1:]])
    light = np.append(light, np.ones(40))
    change = np.full(len(light), 1.0)
    change[[50, 90]] = 60.0
    found = find_boundaries(
        _stretch(len(light), change=change, luma=110 * light, contrast=40 * light), CONFIG
    )
    assert sorted(found.marks.values()) == ["cut", "fade", "fade"]
    assert found.marks[90] == "cut"
    gap = np.flatnonzero(found.gap)
    assert (gap[0] - 1 in found.marks) or (gap[0] in found.marks)
    assert light[~found.gap].min() == 1.0


def test_a_dissolve_is_marked_at_both_ends():
    weight = np.clip((np.arange(90) - 35) / 20, 0, 1)
    rng = np.random.default_rng(1)
    first, second = rng.integers(20, 230, (2, 1152))
    coarse = np.rint(first + (second - first) * weight[:, None]).astype(np.uint8)
    mixed = np.zeros(90, np.bool_)
    mixed[38:52] = True
    found = find_boundaries(_stretch(90, coarse=coarse, mixed=mixed), CONFIG)
    [start, end] = sorted(found.marks)
    assert 32 <= start <= 36  # the first mixture is at 36, the last at 54
    assert 55 <= end <= 59
    assert set(found.marks.values()) == {"dissolve"}
    assert (np.flatnonzero(found.gap) == np.arange(start, end)).all()


def test_gaps_that_touch_are_one():
    light = np.concatenate([np.ones(40), np.zeros(10), np.ones(40)])
    white = np.concatenate([np.zeros(50), np.ones(10), np.zeros(30)])
    luma = np.where(white > 0, 255.0, 110 * light)
    contrast = np.where(white > 0, 0.0, 40 * light)
    found = find_boundaries(_stretch(90, luma=luma, contrast=contrast), CONFIG)
    assert found.marks == {40: "cut", 60: "cut"}
    assert (np.flatnonzero(found.gap) == np.arange(40, 60)).all()
