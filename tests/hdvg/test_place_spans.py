import math
from itertools import pairwise

import numpy as np
import pytest

from hdvg.place_spans import Layout, Part, place_spans, without_overlap
from hdvg.sources.source_video import Span, whole_video

TIMES = np.arange(101) * 0.04  # 100 frames and the end


def _span(start_s, end_s, caption="", **more):
    return Span(start_s=start_s, end_s=end_s, caption=caption, **more)


def _place(*spans, cuts_s=(), times_s=TIMES):
    return place_spans(spans, times_s, cuts_s)


def test_ends_go_to_the_nearest_frames():
    assert _place(_span(0.039, 0.441, "x")) == [Part(first=1, last=11, caption="x")]
    assert _place(_span(0.0, 4.0)) == [Part(first=0, last=100, caption="")]
    assert _place(whole_video("x")) == [Part(first=0, last=100, caption="x")]


def test_nearest_is_nearest_on_an_uneven_clock():
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.uniform(0.01, 0.2, 50))
    for start_s in rng.uniform(0.0, 6.0, 100):
        for part in _place(_span(start_s, math.inf), times_s=times):
            assert part.first == int(np.abs(times - start_s).argmin())


def test_what_lies_outside_is_left_out():
    assert _place(_span(4.0, 9.0), _span(7.0, 9.0), _span(1.0, 1.001)) == []
    assert _place(_span(3.9, 9.0)) == [Part(first=97, last=100, caption="")]


def test_parts_may_overlap_and_equal_ones_are_one():
    parts = _place(_span(1.0, 3.0, "b"), _span(0.0, 2.0, "a"), _span(1.01, 3.0, "c\nd"))
    assert parts == [
        Part(first=0, last=50, caption="a"),
        Part(first=25, last=75, caption="b\nc\nd"),
    ]


def test_uncertain_spans_are_aligned_or_left_out():
    group = [
        _span(start_s + 0.5, end_s + 0.5, "x", name=f"c_{index}", early_s=5.5)
        for index, (start_s, end_s) in enumerate([(0.4, 0.8), (0.8, 2.0), (2.0, 3.2), (3.2, 3.6)])
    ]
    assert _place(*group, cuts_s=[1.7]) == []
    firsts = [part.first for part in _place(*group, cuts_s=[0.8, 2.0, 3.2])]
    assert firsts == [10, 20, 50, 80]


def test_groups_hold_no_overlap(make_scene):
    times = [(0, 50), (10, 20), (15, 60), (20, 30), (50, 70), (60, 80)]
    scenes = [make_scene(start_pts=start, end_pts=end) for start, end in times]
    groups = without_overlap(scenes)
    assert sorted(id(scene) for group in groups for scene in group) == sorted(map(id, scenes))
    for group in groups:
        for before, after in pairwise(group):
            assert before.end_pts <= after.start_pts
    assert len(groups) == 3
    assert without_overlap([]) == []


@pytest.mark.parametrize("count", [1, 7])
def test_scenes_in_a_row_are_one_group(make_scene, count):
    scenes = [make_scene(start_pts=k, end_pts=k + 1) for k in range(count)]
    assert len(without_overlap(scenes)) == 1


def test_a_layout_remembers_what_the_list_says_of_each_part(make_scene):
    layout = Layout([_span(1.0, 3.0, "b", name="n1"), _span(0.0, 2.0, "a")])
    assert layout.place(TIMES, []) == [(0, 50), (25, 75)]
    parts = [layout.part_of(make_scene(index=index)) for index in (0, 1)]
    assert [(part.caption, part.name) for part in parts] == [("a", ""), ("b", "n1")]
