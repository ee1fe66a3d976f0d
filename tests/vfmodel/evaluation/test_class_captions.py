"""Our captions against what is known of UCF-101, and other lists as they are published."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.class_captions import (
    captions_digest,
    class_names,
    own_captions,
    read_captions,
)


def test_there_are_101_in_the_order_of_the_classes():
    captions = own_captions()
    assert len(captions) == len(set(captions.values())) == 101
    assert list(captions) == sorted(captions)
    assert (min(captions), max(captions)) == ("ApplyEyeMakeup", "YoYo")
    assert {"HandstandPushups", "SkateBoarding", "ThrowDiscus"} <= set(captions)


def test_each_is_a_sentence_and_no_label():
    for name, text in own_captions().items():
        assert 6 <= len(text.split()) <= 30, name
        assert text.isascii()
        assert text == " ".join(text.split())
        assert text[0].islower()
        assert text.lower() != class_names()[name]
        # A word has four characters on average and costs CLIP hardly more than two tokens.
        assert len(text) < 120, name


def test_names_in_words():
    names = class_names()
    assert names["ApplyEyeMakeup"] == "apply eye makeup"
    assert names["YoYo"] == "yo yo"


def test_lists_of_others(tmp_path):
    path = tmp_path / "list.json"
    texts = [f"caption  {number}" for number in range(101)]
    path.write_text(json.dumps(texts))
    captions = read_captions(path)
    assert list(captions) == list(own_captions())
    assert captions["YoYo"] == "caption 100"
    path.write_text(json.dumps(captions))
    assert read_captions(path) == captions
    assert captions_digest(captions) != captions_digest(own_captions())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([f"c{i}" for i in range(102)], "has 102 captions, not one for 101"),
        ({"YoYo": "a yo-yo"}, "lacks the class 'ApplyEyeMakeup'"),
        ({**own_captions(), "WeightLifting": "x"}, "unknown class 'WeightLifting'"),
        ({**own_captions(), "YoYo": " "}, "has no text for 'YoYo'"),
        ("words", "neither an object nor an array"),
    ],
)
def test_lists_that_do_not_fit_are_named(tmp_path, content, message):
    path = tmp_path / "list.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message):
        read_captions(path)


def test_no_list_and_no_json(tmp_path):
    with pytest.raises(InputError, match=r"no caption list: .*gone\.json"):
        read_captions(tmp_path / "gone.json")
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(InputError, match="cannot read the caption list"):
        read_captions(tmp_path / "x.json")
