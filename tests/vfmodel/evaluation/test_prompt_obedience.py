"""Shares of rendered clips shown with their own and with other prompts."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.prompt_accuracy import add_up
from vfmodel.evaluation.prompt_obedience import PromptObedience
from vfmodel.evaluation.shapes_prompts import draw_prompts
from vfmodel.evaluation.shapes_tracker import track

PROMPTS = draw_prompts(4, 0, 1.75)
CLIPS = [prompt.render(8, 4.0, 96, 176) for prompt in PROMPTS]


def test_shares_are_those_that_the_tracker_has():
    # The last two are shown with each other's prompt.
    asked = [PROMPTS[0], PROMPTS[1], PROMPTS[3], PROMPTS[2]]
    metric, other = PromptObedience(4.0), PromptObedience(4.0)
    for clip, prompt in zip(CLIPS[:3], asked, strict=False):
        metric.update(clip, prompt.text)
    other.update(CLIPS[3], asked[3].text)
    metric.merge_state(other)
    result = metric.result()
    wanted = add_up(asked, [track(clip.float() / 255, 4.0) for clip in CLIPS])
    assert (result.value, result.num_samples) == (wanted["all"]["everything"].share, 4)
    assert (result.low, result.high) == (
        wanted["all"]["everything"].low,
        wanted["all"]["everything"].high,
    )
    assert result.value <= 0.5
    for group, shares in wanted.items():
        for name, share in shares.items():
            found = result.details["shares"][group][name]
            assert (found["hits"], found["count"]) == (share.hits, share.count)
            assert (found["low"], found["share"]) == (share.low, share.share)
    directed = [prompt for prompt in PROMPTS if "moving" in prompt.text]
    assert wanted["all"]["direction"].count == len(directed) > 0


def test_what_cannot_be_judged_is_refused():
    metric = PromptObedience(4.0)
    with pytest.raises(InputError, match="no prompt of the shapes corpus"):
        metric.update(CLIPS[0], "a cat")
    with pytest.raises(InputError, match="prompt accuracy needs at least 1 videos, got 0"):
        metric.result()
    with pytest.raises(InputError, match=r"fps must be positive, got 0\.0"):
        PromptObedience(0.0)
    metric.update(torch.zeros_like(CLIPS[0]), PROMPTS[0].text)
    assert metric.result().value == 0.0
