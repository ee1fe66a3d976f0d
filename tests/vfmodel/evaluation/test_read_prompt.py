import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.read_prompt import read_prompt
from vfmodel.evaluation.shapes_prompts import draw_prompts


@pytest.mark.parametrize("stock", [False, True])
def test_every_sentence_says_what_its_scene_has(stock):
    for prompt in draw_prompts(200, 0, 1.0, stock=stock):
        asked = read_prompt(prompt.text)
        assert asked.attributes == prompt.attributes
        assert (asked.stock, asked.unseen) == (stock, prompt.unseen)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a red circle over a green background",
        "a red circle moving left and a blue star growing over a green background",
        "a mauve circle moving left over a green background",
    ],
)
def test_other_sentences_are_refused(text):
    with pytest.raises(InputError, match=f"one moving object: '{text}'"):
        read_prompt(text)
