"""Prompt encodings against plain calls of the tokenizer and the text model."""

import copy

import pytest
import torch

from vfmodel import text_encoder as module
from vfmodel.stand_in_training.tokenizer import MAX_TOKENS
from vfmodel.text_encoder import PromptEncoder


@pytest.fixture
def encoder(tiny_base):
    return PromptEncoder.from_pretrained(tiny_base)


def plain(encoder, prompt):
    tokens = encoder.tokenizer(prompt).input_ids[:MAX_TOKENS]
    tokens += [encoder.tokenizer.pad_token_id] * (MAX_TOKENS - len(tokens))
    with torch.no_grad():
        return encoder.text_model(torch.tensor([tokens])).last_hidden_state[0]


def test_each_prompt_is_encoded_as_if_alone(encoder):
    prompts = ["a red circle", "a green background moving left", "a red circle"]
    states = encoder.encode(prompts)
    assert states.shape == (3, MAX_TOKENS, 16)
    for prompt, state in zip(prompts, states, strict=True):
        torch.testing.assert_close(state, plain(encoder, prompt), atol=1e-5, rtol=1e-5)


def test_the_null_prompt_is_start_and_padding(encoder):
    torch.testing.assert_close(encoder.encode([""])[0], plain(encoder, ""), atol=1e-5, rtol=1e-5)
    ids = encoder.tokenizer("").input_ids
    assert ids == [encoder.tokenizer.bos_token_id, encoder.tokenizer.eos_token_id]


def test_a_prompt_over_the_limit_is_cut(encoder):
    assert encoder.encode(["red circle " * 100]).shape == (1, MAX_TOKENS, 16)


def test_what_is_remembered_is_bounded_and_right(encoder, monkeypatch):
    monkeypatch.setattr(module, "_MEMORY", 2)
    for prompts in (["red", "circle"], ["circle", "left"], ["red", "left"]):
        for prompt, state in zip(prompts, encoder.encode(prompts), strict=True):
            torch.testing.assert_close(state, plain(encoder, prompt), atol=1e-5, rtol=1e-5)
        assert len(encoder._known) <= 2


def test_it_is_frozen_and_shared_by_copies(encoder):
    assert not any(p.requires_grad for p in encoder.text_model.parameters())
    assert copy.deepcopy(encoder) is encoder
    assert encoder.width == 16
