import numpy as np
import pytest
import torch

from hdvg.captioning.stand_in_model import StandInConfig
from hdvg.captioning.stand_in_training import (
    StandInTrainingConfig,
    prepare_processor,
    render_pool,
    train_stand_in,
)
from hdvg.errors import InputError

TINY = {
    "model": StandInConfig(image_size_px=32, patch_px=8, width=16, num_queries=2, text_layers=1),
    "num_pictures": 8,
    "height": 64,
    "num_steps": 4,
    "batch_size": 2,
    "checkpoint_every": 2,
}


@pytest.fixture(autouse=True)
def one_thread():
    """Models as small as these only wait for a second one."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_resumed_training_gives_the_same_weights(tmp_path):
    config = StandInTrainingConfig(**TINY)
    whole, _ = train_stand_in(config, tmp_path / "whole")
    # The schedule looks at the length, so the first half is the whole run's own checkpoint.
    calls = []

    def stop(checkpoint, parts, step):
        calls.append(step)
        original(checkpoint, parts, step)
        raise KeyboardInterrupt

    from hdvg.captioning import stand_in_training as module

    original = module._save
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_save", stop)
        with pytest.raises(KeyboardInterrupt):
            train_stand_in(config, tmp_path / "cut")
    resumed, _ = train_stand_in(config, tmp_path / "cut")
    assert calls == [2]
    for name, weight in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], weight, rtol=0, atol=0)


def test_the_caption_is_learnt_and_nothing_else():
    """Labels are the caption and its end: queries and start are given, padding is nobody's."""
    from hdvg.captioning.stand_in_training import _tokenise

    processor = prepare_processor(StandInTrainingConfig(**TINY))
    texts = ["a red circle over a green background", "a blue star and a red star over a"]
    batch = _tokenise(texts, processor)
    for ids, labels, text in zip(batch["input_ids"], batch["labels"], texts, strict=True):
        wanted = processor.tokenizer(text, add_special_tokens=False).input_ids
        told = labels[labels != -100].tolist()
        assert told == [*wanted, processor.tokenizer.eos_token_id]
        assert ids[labels != -100].tolist() == told


def test_the_pool_is_a_function_of_the_config():
    config = StandInTrainingConfig(**TINY)
    first, second = render_pool(config), render_pool(config)
    np.testing.assert_array_equal(first.images, second.images)
    assert first.captions == second.captions
    assert first.images.shape == (8, 32, 32, 3)


@pytest.mark.parametrize("wrong", [{"num_steps": 0}, {"height": 63}, {"batch_size": -1}])
def test_wrong_values_are_named(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        StandInTrainingConfig(**wrong)
