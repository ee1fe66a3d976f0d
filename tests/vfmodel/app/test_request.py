"""What stands in the fields becomes a request, or one clear sentence."""

from dataclasses import asdict, replace

import pytest

from hdvg.errors import InputError
from vfmodel.app.request import read_request

VALUES = {
    "prompt": "  a red circle\n",
    "negative_prompt": None,
    "seed": 5.0,
    "steps": 25,
    "guidance_scale": 4,
    "num_frames": 8.0,
    "height": 96,
    "width": 176,
    "fps": 8,
}


def read(limits, **changes):
    return read_request(VALUES | changes, limits, count_tokens=lambda text: len(text.split()) + 2)


def test_texts_are_trimmed_and_whole_numbers_whole(limits):
    asked = asdict(read(limits))
    assert asked == {
        "prompt": "a red circle",
        "negative_prompt": "",
        "seed": 5,
        "steps": 25,
        "guidance_scale": 4.0,
        "num_frames": 8,
        "height": 96,
        "width": 176,
        "fps": None,
    }
    assert [type(asked[name]) for name in ("seed", "guidance_scale", "width")] == [int, float, int]


def test_a_rate_is_asked_for_only_where_the_model_knows_several(limits):
    assert read(replace(limits, knows_rates=True), fps=12).fps == 12.0


def test_a_prompt_of_exactly_the_models_length_is_taken(limits):
    assert len(read(limits, prompt="word " * 75).prompt.split()) == 75


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": " \n"}, "the prompt is empty"),
        ({"prompt": None}, "the prompt is empty"),
        ({"prompt": "word " * 76}, "the prompt has 78 tokens and the model reads 77"),
        ({"negative_prompt": "word " * 99}, "the negative prompt has 101 tokens"),
        ({"seed": None}, "seed is not a number: empty"),
        ({"seed": "x"}, "seed is not a number: 'x'"),
        ({"seed": -1}, "seed must be between 0"),
        ({"steps": 2.5}, "steps must be a whole number, got 2.5"),
        ({"steps": float("nan")}, "steps is not a number: nan"),
        ({"steps": True}, "steps is not a number: True"),
        ({"guidance_scale": float("inf")}, "guidance_scale is not a number: inf"),
        ({"height": 97}, "height must be a multiple of 8, got 97"),
        ({"width": 10**9}, "width must be between 8 and 352"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_sentence(limits, changes, said):
    with pytest.raises(InputError, match="^" + said.replace(".", r"\.")) as refused:
        read(limits, **changes)
    assert "\n" not in str(refused.value)
