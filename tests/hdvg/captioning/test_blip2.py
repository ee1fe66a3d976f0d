"""The tiny model is random, so its words mean nothing; what counts is whose words they are."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import Blip2ForConditionalGeneration, Blip2Processor

from hdvg.captioning.blip2 import Blip2Captioner, identify_model
from hdvg.captioning.captioner import CaptionerConfig
from hdvg.captioning.stand_in_model import (
    StandInConfig,
    build_model,
    build_processor,
    train_tokenizer,
)
from hdvg.captioning.stand_in_training import save_stand_in
from hdvg.errors import InputError

SIZES = StandInConfig(image_size_px=32, patch_px=8, width=32, num_queries=4)
TEXTS = ["a red circle over a green background", "a blue star and a white square"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random model whose weights are large enough for pictures to matter."""
    torch.manual_seed(0)
    processor = build_processor(SIZES, train_tokenizer(TEXTS, num_merges=40))
    model = build_model(SIZES, processor)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(6.0)
    out = tmp_path_factory.mktemp("model") / "tiny"
    save_stand_in(model, processor, out)
    return out


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)) for _ in range(5)]


def _captioner(folder, **changes):
    config = CaptionerConfig(
        model=str(folder), device="cpu", **({"dtype": "fp32", "max_new_tokens": 6} | changes)
    )
    return Blip2Captioner(config, identify_model(config.model)[1])


def _step_by_step(folder, image, num_tokens, prompt=""):
    """Greedy decoding written out: one forward pass over everything for each new token."""
    processor = Blip2Processor.from_pretrained(folder)
    model = Blip2ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    pixels = processor.image_processor([image], return_tensors="pt").pixel_values
    tokenizer = processor.tokenizer
    start = [tokenizer.convert_tokens_to_ids("<image>")] * SIZES.num_queries
    given = [*start, tokenizer.bos_token_id, *tokenizer.encode(prompt, add_special_tokens=False)]
    tokens = list(given)
    for _ in range(num_tokens):
        with torch.no_grad():
            logits = model(pixel_values=pixels, input_ids=torch.tensor([tokens])).logits
        tokens.append(int(logits[0, -1].argmax()))
        if tokens[-1] == tokenizer.eos_token_id:
            break
    text = tokenizer.decode(tokens[len(given) :], skip_special_tokens=True)
    return " ".join(text.split())


def test_greedy_captions_are_those_of_decoding_step_by_step(folder, images):
    said = _captioner(folder).caption(images)
    assert said == [_step_by_step(folder, image, 6) for image in images]
    assert len(set(said)) > 1


def test_a_prompt_is_gone_on_from_and_left_out(folder, images):
    said = _captioner(folder, prompt="a red").caption(images)
    assert said == [_step_by_step(folder, image, 6, "a red") for image in images]


def test_a_picture_has_the_same_caption_in_any_company(folder, images):
    captioner = _captioner(folder)
    together = captioner.caption(images)
    assert [captioner.caption([image])[0] for image in images] == together
    assert captioner.caption(images[::-1]) == together[::-1]


def test_beams_and_bf16_work(folder, images):
    assert len(_captioner(folder, num_beams=3).caption(images)) == 5
    assert len(_captioner(folder, dtype="bf16").caption(images)) == 5


def test_a_model_is_known_by_its_files_not_by_its_place(folder, tmp_path):
    name, revision = identify_model(str(folder))
    shutil.copytree(folder, tmp_path / "elsewhere" / "tiny")
    assert identify_model(str(tmp_path / "elsewhere" / "tiny")) == (name, revision)
    config = tmp_path / "elsewhere" / "tiny" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"initializer_range": 0.5}))
    assert identify_model(str(tmp_path / "elsewhere" / "tiny"))[1] != revision


@pytest.mark.parametrize("model", ["./nowhere", "/nowhere/at/all", "nowhere"])
def test_a_missing_folder_is_named(model):
    with pytest.raises(InputError, match="nowhere"):
        identify_model(model)


def test_damaged_weights_and_another_model_are_refused(folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    (other / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(InputError, match=r"cannot load the captioner .*other"):
        _captioner(other)
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps(config["text_config"]))
    with pytest.raises(InputError, match="type 'opt', not 'blip-2'"):
        _captioner(other)
