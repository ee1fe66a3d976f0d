import pytest
import torch

from hdvg.captioning.stand_in_model import (
    StandInConfig,
    build_model,
    build_processor,
    train_tokenizer,
)
from hdvg.errors import InputError

TEXTS = ["a red circle over a green background", "an orange star over a teal background"]


def test_any_text_survives_the_tokenizer():
    tokenizer = train_tokenizer(TEXTS)
    for text in (*TEXTS, "Question: wie geht's? 你好"):
        tokens = tokenizer(text).input_ids
        assert tokens[0] == tokenizer.bos_token_id
        assert tokenizer.decode(tokens, skip_special_tokens=True) == text
    assert len(tokenizer(TEXTS[0]).input_ids) <= 9  # a token a word


def test_model_and_processor_agree():
    config = StandInConfig(image_size_px=32, patch_px=8, width=16, num_queries=3)
    processor = build_processor(config, train_tokenizer(TEXTS))
    model = build_model(config, processor)
    assert config.grid == 4
    inputs = processor(images=[torch.zeros(3, 20, 40)], text=["a red"], return_tensors="pt")
    assert inputs.pixel_values.shape == (1, 3, 32, 32)
    assert (inputs.input_ids == model.config.image_token_index).sum() == 3
    assert model(**inputs).logits.shape[-1] == len(processor.tokenizer)


def test_the_default_is_small_enough_to_ship():
    config = StandInConfig()
    model = build_model(config, build_processor(config, train_tokenizer(TEXTS)))
    assert 2 * sum(weight.numel() for weight in model.parameters()) < 5e6  # bytes in fp16


@pytest.mark.parametrize("wrong", [{"patch_px": 7}, {"width": 30}])
def test_sizes_that_do_not_divide_are_named(wrong):
    with pytest.raises(InputError, match=str(next(iter(wrong.values())))):
        StandInConfig(**wrong)
