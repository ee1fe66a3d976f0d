from collections import Counter
from itertools import pairwise

import pytest

from hdvg.errors import InputError
from hdvg.shapes.corpus import TROUBLES, CorpusConfig, plan_corpus, width_for


def _without_ids(config):
    return {(p.part, p.trouble, p.scenes, p.fps, p.transitions) for p in plan_corpus(config)}


def test_the_same_config_plans_the_same_corpus():
    assert plan_corpus(CorpusConfig(seed=5)) == plan_corpus(CorpusConfig(seed=5))


def test_another_seed_plans_another():
    assert not _without_ids(CorpusConfig(seed=5)) & _without_ids(CorpusConfig(seed=6))


def test_a_larger_corpus_contains_the_smaller():
    assert _without_ids(CorpusConfig(num_videos=3)) < _without_ids(CorpusConfig(num_videos=9))


def test_counts_and_troubles():
    plans = plan_corpus(CorpusConfig(num_videos=5, num_web_videos=2))
    assert sorted(p.trouble for p in plans if p.trouble) == sorted(TROUBLES)
    assert sum(p.part == "hd" and not p.trouble for p in plans) == 5
    assert sum(p.part == "web" for p in plans) == 2
    assert not [p for p in plan_corpus(CorpusConfig(troubles=False)) if p.trouble]


def test_the_copy_is_planned_as_its_original():
    plans = {p.video_id: p for p in plan_corpus(CorpusConfig())}
    [copy] = [p for p in plans.values() if p.trouble == "duplicate"]
    original = plans[copy.copy_of]
    assert (original.part, original.trouble) == ("hd", "")
    assert (copy.scenes, copy.transitions) == (original.scenes, original.transitions)
    assert not [p for p in plan_corpus(CorpusConfig(num_videos=0)) if p.copy_of]


def test_every_transition_occurs():
    plans = plan_corpus(CorpusConfig(num_videos=60, num_web_videos=0))
    kinds = Counter(kind for plan in plans for kind in plan.transitions)
    assert set(kinds) == {"cut", "fade", "dissolve"}
    assert kinds["cut"] > kinds["fade"] > 0.1 * kinds.total()
    assert kinds["dissolve"] > 0.08 * kinds.total()


def test_ids_tell_nothing():
    plans = plan_corpus(CorpusConfig())
    assert [p.video_id for p in plans] == [f"v{i:04d}" for i in range(len(plans))]
    assert [p.part for p in plans] != sorted(p.part for p in plans)


def test_scenes_are_whole_frames_and_neighbours_differ():
    for plan in plan_corpus(CorpusConfig(num_videos=20)):
        grounds = [scene.background.colour for scene in plan.scenes]
        assert all(a != b for a, b in pairwise(grounds))
        assert len(plan.transitions) == len(plan.scenes) - 1
        for scene in plan.scenes:
            assert scene.duration_s * plan.fps == pytest.approx(round(scene.duration_s * plan.fps))


def test_sizes():
    sizes = {p.trouble or p.part: (p.width, p.height) for p in plan_corpus(CorpusConfig())}
    assert sizes["hd"] == (1280, 720)
    assert sizes["vertical"] == (720, 1280)
    assert sizes["web"] == (596, 336)
    assert sizes["small"][1] == 240
    assert width_for(192) == 352


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"num_videos": -1}, "-1"),
        ({"height": 191}, "191"),
        ({"height": 16}, "16"),
        ({"seed": -2}, "-2"),
        ({"num_videos": 0, "num_web_videos": 0, "troubles": False}, "empty"),
    ],
)
def test_impossible_configs_are_named(changes, words):
    with pytest.raises(InputError, match=words):
        CorpusConfig(**changes)
