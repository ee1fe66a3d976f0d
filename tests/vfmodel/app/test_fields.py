"""The fields offer what the model can, and examples that it was made for."""

from dataclasses import replace

import gradio as gr
import pytest

from hdvg.shapes.scene import BACKGROUNDS, COLOURS, MOTIONS, SHAPES
from vfmodel.app.fields import EXAMPLES, draw_fields


def draw(limits):
    with gr.Blocks(analytics_enabled=False):
        return draw_fields(gr.Textbox(), limits)


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_caption_of_the_shapes_corpus(example):
    thing, ground = example.split(" over a ")
    article, colour, shape, motion = thing.split(" ", 3)
    assert article == ("an" if colour[0] in "aeiou" else "a")
    assert colour in COLOURS
    assert shape in SHAPES
    assert motion in MOTIONS
    assert ground.removesuffix(" background") in BACKGROUNDS


def test_fields_start_at_the_models_own_sizes_within_its_ranges(limits):
    fields = draw(limits)
    for name in ("num_frames", "height", "width"):
        field = getattr(fields, name)
        assert field.value == getattr(limits, name)
        assert (field.minimum, field.maximum) == limits.ranges[name]
    assert draw(replace(limits, train_timesteps=10)).steps.value == 10


def test_a_rate_is_offered_only_by_a_model_that_knows_several(limits):
    assert draw(limits).fps.visible is False
    assert draw(replace(limits, knows_rates=True)).fps.visible is True


def test_an_events_inputs_come_back_by_name(limits):
    fields = draw(limits)
    values = dict.fromkeys(fields.all(), 1) | {fields.prompt: "x"}
    named = fields.read(values)
    assert named["prompt"] == "x"
    assert set(named) == {*vars(fields)}
