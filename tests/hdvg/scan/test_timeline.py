from fractions import Fraction

import numpy as np
import pytest

from hdvg.scan.config import ScanConfig
from hdvg.scan.find_boundaries import Stretch, find_boundaries
from hdvg.scan.find_dissolves import is_mixed
from hdvg.scan.measure_change import FrameNumbers
from hdvg.scan.timeline import Timeline

CONFIG = ScanConfig()
FPS = 24


def _film(seed, length):
    """Numbers and coarse pictures of a film with cuts, fades and dissolves at random places."""
    rng = np.random.default_rng(seed)
    change, light = rng.uniform(0.5, 2, length), np.ones(length)
    scenes = rng.integers(20, 230, (length // 60 + 2, 1152)).astype(float)
    coarse = np.empty((length, 1152))
    for number, start in enumerate(range(0, length, 60)):
        coarse[start : start + 60] = scenes[number]
        kind = rng.integers(3)
        if start and kind == 0:
            change[start] = 70
        elif start and kind == 1:
            ramp = np.abs(np.arange(-10, 11)) / 10
            light[start - 10 : start + 11] = ramp[: len(light) - start + 10]
        elif start and start + 10 < length:
            weight = (np.arange(20)[:, None] + 1) / 21
            mixed = scenes[number - 1] * (1 - weight) + scenes[number] * weight
            coarse[start - 10 : start + 10] = mixed
    return change, light, (coarse * light[:, None]).astype(np.uint8)


def _judge_in_pieces(change, light, coarse):
    timeline = Timeline(CONFIG, Fraction(1, FPS))
    marks, gaps, held = {}, [], 0
    for index in range(len(change)):
        numbers = FrameNumbers(
            change=change[index], motion=1.0, luma=110 * light[index], contrast=40 * light[index]
        )
        timeline.add(index, numbers, coarse[index])
        held = max(held, len(timeline._coarse))
        if found := timeline.judge():
            marks, gaps = marks | found.marks, [*gaps, found.gap]
    found = timeline.judge(at_end=True)
    return marks | found.marks, np.concatenate([*gaps, found.gap]), held


@pytest.mark.parametrize("seed", range(4))
def test_judged_in_pieces_is_judged_as_a_whole(seed):
    change, light, coarse = _film(seed, 900)
    marks, gap, held = _judge_in_pieces(change, light, coarse)
    lag = round(0.25 * FPS)
    mixed = np.zeros(len(change), np.bool_)
    for now in range(lag, len(change) - lag):
        mixed[now] = is_mixed(coarse[now - lag], coarse[now], coarse[now + lag])
    whole = find_boundaries(
        Stretch(
            change=change,
            luma=110 * light,
            contrast=40 * light,
            mixed=mixed,
            coarse=coarse,
            lag=lag,
            reach=5 * lag,
        ),
        CONFIG,
    )
    assert marks == whole.marks
    assert (gap == whole.gap).all()
    assert {"cut", "fade", "dissolve"} >= set(marks.values())
    assert len(marks) > 10
    assert held < 9 * FPS


def test_a_video_of_a_few_frames():
    timeline = Timeline(CONFIG, Fraction(1, 25))
    for index in range(3):
        numbers = FrameNumbers(change=1.0, motion=1.0, luma=100.0, contrast=30.0)
        timeline.add(index, numbers, np.zeros(1152, np.uint8))
        assert timeline.judge() is None
    found = timeline.judge(at_end=True)
    assert (found.marks, found.gap.tolist()) == ({}, [False] * 3)


def test_the_impatient_are_told_of_a_cut_two_frames_later():
    timeline = Timeline(CONFIG, Fraction(1, 25))
    told = []
    for index in range(20):
        change = 80.0 if index == 10 else 1.0
        numbers = FrameNumbers(change=change, motion=1.0, luma=100.0, contrast=30.0)
        told.append(timeline.add(index, numbers, np.zeros(1152, np.uint8)))
    assert [index for index, was in enumerate(told) if was] == [12]
