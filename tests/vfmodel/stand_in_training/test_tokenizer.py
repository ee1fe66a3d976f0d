"""The stand-in's tokenizer takes any text, keeps common words whole, and survives saving."""

import pytest
from transformers import CLIPTokenizer

from vfmodel.stand_in_training.tokenizer import MAX_TOKENS, train_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["a red circle moving left", "a blue star over grey"] * 3)


@pytest.mark.parametrize(
    "text",
    ["a zebra & 12 llamas!", "naïve façade", "日本語の動画", "🤖🎬", "ﷺ \u200b tab\tend", ""],
)
def test_any_text_has_tokens_and_comes_back(tokenizer, text):
    ids = tokenizer(text).input_ids
    assert tokenizer.unk_token_id not in ids[1:-1]
    spoken = tokenizer.decode(ids[1:-1]).replace(" ", "")
    assert spoken == "".join(text.lower().split())


def test_words_of_the_corpus_are_single_tokens(tokenizer):
    assert tokenizer.tokenize("red Circle MOVING left") == [
        "red</w>",
        "circle</w>",
        "moving</w>",
        "left</w>",
    ]


def test_the_end_token_has_the_highest_id(tokenizer):
    assert tokenizer.eos_token_id == len(tokenizer) - 1
    assert tokenizer("x").input_ids[0] == tokenizer.bos_token_id
    assert tokenizer.model_max_length == MAX_TOKENS


def test_saving_changes_nothing(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    for text in ("a red circle", "zebra ★"):
        assert loaded(text).input_ids == tokenizer(text).input_ids
