from itertools import pairwise

import numpy as np
import pytest

from hdvg.align_spans import align_spans, find_offset
from hdvg.sources.source_video import Span

FPS = 25.0


def _clip(ends_s, offset_s, name="x.1", jitter=None):
    """A clip of HD-VG-130M as its authors made it: frame numbers from an unrecorded keyframe."""
    frames = np.round((np.asarray(ends_s) - ends_s[0]) * FPS)
    if jitter is not None:
        frames += jitter.integers(-1, 2, len(frames))
    start_s = ends_s[0] + offset_s
    return [
        Span(
            start_s=start_s + first / FPS,
            end_s=start_s + last / FPS,
            caption=str(number),
            name=f"{name}_{number}",
            early_s=5.5,
        )
        for number, (first, last) in enumerate(pairwise(frames))
        if first < last
    ]


def test_the_offset_is_found_and_taken_off():
    cuts = [3.0, 7.5, 12.0, 14.2, 19.0]
    spans = _clip([6.0, 7.5, 12.0, 14.2, 15.0], 3.3)
    assert find_offset(spans, cuts) == pytest.approx(3.3, abs=0.04)
    placed = align_spans(spans, cuts)
    assert [span.start_s for span in placed] == pytest.approx([6.0, 7.5, 12.0, 14.2], abs=0.04)
    assert {span.early_s for span in placed} == {0.0}
    assert [span.caption for span in placed] == ["0", "1", "2", "3"]


def test_exact_spans_and_those_without_an_answer_stay():
    exact = Span(start_s=1.0, end_s=2.0, name="x.2_0")
    far = _clip([60.0, 62.0, 65.0, 67.0], 2.0)
    assert align_spans([exact, *far], [3.0, 7.5]) == (exact, *far)


def test_each_clip_has_its_own_offset():
    cuts = [7.5, 12.0, 14.2, 31.0, 34.5, 36.0]
    first = _clip([6.0, 7.5, 12.0, 14.2, 15.0], 3.3, "x.1")
    second = _clip([30.0, 31.0, 34.5, 36.0, 38.0], 1.1, "x.2")
    placed = align_spans([*second, *first], cuts)
    assert [span.start_s for span in placed] == pytest.approx(
        [30.0, 31.0, 34.5, 36.0, 6.0, 7.5, 12.0, 14.2], abs=0.04
    )


@pytest.mark.parametrize("cuts", [[], [6.0], [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]])
def test_ambiguity_is_no_answer(cuts):
    # An even rhythm fits at every beat, and nothing fits nothing.
    assert find_offset(_clip([5.5, 6.0, 7.0, 8.0, 8.5], 3.0), cuts) is None


def test_one_end_is_too_little():
    assert find_offset(_clip([5.5, 7.0, 8.5], 3.0), [7.0]) is None


@pytest.mark.parametrize(
    ("ends", "noise", "least_right", "most_wrong"),
    [(2, 0.1, 0.8, 0.03), (3, 0.1, 0.9, 0.01), (4, 0.3, 0.6, 0.02), (6, 0.1, 0.97, 0.0)],
)
def test_missed_and_false_cuts_are_survived(ends, noise, least_right, most_wrong):
    """Shots of random length; some cuts missed, as many false ones, a frame of jitter."""
    rng = np.random.default_rng(0)
    right = wrong = 0
    for _ in range(200):
        cuts = np.cumsum(rng.gamma(2.0, 2.0, 60) + 0.4)
        at = int(rng.integers(10, 50))
        inner = cuts[at : at + ends]
        before, after = rng.uniform(0.2, 0.9, 2) * (
            inner[0] - cuts[at - 1],
            cuts[at + ends] - inner[-1],
        )
        offset_s = rng.uniform(0.0, 5.4)
        edges = [inner[0] - before, *inner, inner[-1] + after]
        spans = _clip(edges, offset_s, jitter=rng)
        kept = cuts[rng.random(len(cuts)) > noise]
        false = rng.uniform(0.0, cuts[-1], int(noise * len(cuts)))
        found = find_offset(spans, [*kept, *false])
        right += found is not None and abs(found - offset_s) < 0.1
        wrong += found is not None and abs(found - offset_s) >= 0.1
    assert right / 200 >= least_right
    assert wrong / 200 <= most_wrong
