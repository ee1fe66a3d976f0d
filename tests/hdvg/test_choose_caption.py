"""Captions drawn by probability: against the shares that a great many draws must have."""

import numpy as np
import pytest

from hdvg.choose_caption import Captions, weigh_families
from hdvg.errors import InputError

TEXTS = {"seen": {"a": "seen a", "b": "seen b"}, "told": {"a": "told a"}, "read": {"a": "read a"}}


def test_each_family_is_chosen_as_often_as_was_asked():
    captions = Captions(TEXTS, {"seen": 3.0, "told": 1.0, "read": 4.0})
    draws = np.random.default_rng(0).random(20_000)
    chosen = [captions.choose("a", draw) for draw in draws]
    for text, share in (("seen a", 3 / 8), ("told a", 1 / 8), ("read a", 4 / 8)):
        deviation = abs(chosen.count(text) / len(chosen) - share)
        assert deviation < 4 * (share * (1 - share) / len(chosen)) ** 0.5


def test_a_family_without_the_clip_leaves_it_to_the_others():
    captions = Captions(TEXTS, {"seen": 0.01, "told": 0.98, "read": 0.01})
    assert {captions.choose("b", draw) for draw in (0.0, 0.5, 0.999)} == {"seen b"}
    assert captions.choose("unknown", 0.5) == ""
    assert Captions({}, {}).choose("a", 0.5) == ""


def test_one_name_is_one_family():
    assert weigh_families("blip2") == {"blip2": 1.0}
    assert weigh_families(None) == {}


@pytest.mark.parametrize("asked", [{}, {"seen": 0.0}, {"seen": -1.0}, {"seen": float("inf")}])
def test_what_is_no_probability_is_named(asked):
    with pytest.raises(InputError, match="captions"):
        weigh_families(asked)
