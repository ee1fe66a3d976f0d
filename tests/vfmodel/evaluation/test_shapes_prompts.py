"""Prompts are even, half of them held out, and their scenes show what they say."""

from collections import Counter

import pytest
import torch

from hdvg.errors import InputError
from hdvg.shapes.scene import MOTIONS, SHAPES, is_held_out
from vfmodel.evaluation.shapes_prompts import draw_prompts


def test_every_second_prompt_was_held_out():
    prompts = draw_prompts(20, 0, 7 / 8)
    assert [prompt.unseen for prompt in prompts] == [False, True] * 10
    assert all(p.unseen == is_held_out(**p.attributes) for p in prompts)


@pytest.mark.parametrize("unseen", [False, True])
def test_values_are_drawn_equally_often(unseen):
    prompts = [p for p in draw_prompts(128, 4, 7 / 8) if p.unseen == unseen]
    assert len({tuple(p.attributes.values()) for p in prompts}) == 64
    for attribute, values in (("shape", SHAPES), ("motion", MOTIONS)):
        counts = Counter(p.attributes[attribute] for p in prompts)
        assert set(counts) == set(values)
        assert max(counts.values()) - min(counts.values()) <= 3
    assert all(p.attributes["colour"] != p.attributes["background"] for p in prompts)


def test_the_text_says_what_the_scene_shows():
    clean, stock = draw_prompts(1, 5, 7 / 8)[0], draw_prompts(1, 5, 7 / 8, stock=True)[0]
    for prompt in (clean, stock):
        words = prompt.attributes
        article = "an" if words["colour"] == "orange" else "a"
        sentence = (
            f"{article} {words['colour']} {words['shape']} {words['motion']}"
            f" over a {words['background']} background"
        )
        assert prompt.text == sentence + (", stock footage" if prompt.stock else "")


def test_a_clip_lies_within_its_scene():
    for prompt in draw_prompts(32, 6, 7 / 8):
        assert 0 <= prompt.start_s <= prompt.scene.duration_s - 7 / 8
    clip = draw_prompts(1, 6, 7 / 8)[0].render(8, 8.0, 48, 88)
    assert (clip.shape, clip.dtype) == ((8, 3, 48, 88), torch.uint8)


def test_the_seed_decides():
    assert draw_prompts(8, 1, 7 / 8) == draw_prompts(8, 1, 7 / 8)
    assert draw_prompts(8, 1, 7 / 8) != draw_prompts(8, 2, 7 / 8)


@pytest.mark.parametrize("number", [0, -1, 100_000])
def test_a_number_that_cannot_be_drawn_is_named(number):
    with pytest.raises(InputError, match=f"got {number}"):
        draw_prompts(number, 0, 7 / 8)
