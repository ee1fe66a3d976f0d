"""Pairs, checks, and names that tell nothing."""

import re
from pathlib import Path

import pytest

from hdvg.errors import InputError
from vfmodel.study.equalise import EqualFormat
from vfmodel.study.find_videos import Case, ModelVideos
from vfmodel.study.match_videos import Matched
from vfmodel.study.pair_up import pair_up
from vfmodel.study.study_folder import DAMAGED, MODELS, SAME


def matched(**prompts):
    models = tuple(
        ModelVideos(
            model=name,
            folder=Path(name),
            files={Case(prompt, 0): Path(name, f"{prompt}.mp4") for prompt in each},
        )
        for name, each in prompts.items()
    )
    return Matched(models=models, facts={}, form=EqualFormat(width=2, height=2, fps=1.0))


def pair(found, **changes):
    settings = {"first_only": False, "num_damaged": 2, "num_same": 1, "seed": 3}
    return pair_up(found, **settings | changes)


def test_all_models_meet_or_only_the_first_and_the_others():
    found = matched(a="xy", b="xy", c="x")
    met = [(p.first.model, p.second.model, p.prompt) for p in pair(found) if p.kind == MODELS]
    assert met == [("a", "b", "x"), ("a", "b", "y"), ("a", "c", "x"), ("b", "c", "x")]
    met = [(p.first.model, p.second.model) for p in pair(found, first_only=True)[:-3]]
    assert met == [("a", "b"), ("a", "b"), ("a", "c")]


def test_checks_are_copies_of_one_video_under_names_of_their_own():
    pairs = pair(matched(a="xy", b="xy"))
    assert [p.kind for p in pairs[2:]] == [DAMAGED, DAMAGED, SAME]
    for check in pairs[2:]:
        assert (check.first.model, check.first.source) == (check.second.model, check.second.source)
    names = [clip.name for p in pairs for clip in (p.first, p.second)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)


def test_a_video_keeps_its_name_in_all_its_pairs():
    first, second, *_ = pair(matched(a="x", b="x", c="x"))
    assert first.first == second.first


def test_names_depend_on_the_seed_alone():
    found = matched(a="xy", b="xy")
    assert pair(found) == pair(found)
    names = {p.first.name for p in pair(found)}
    assert names.isdisjoint(p.first.name for p in pair(found, seed=4))


def test_a_first_model_that_meets_nobody_is_refused():
    with pytest.raises(InputError, match="a shares no prompt with any other model"):
        pair(matched(a="z", b="x", c="x"), first_only=True)
