"""LAVIS's own code with the weights of a hub's folder says what transformers' code says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from hdvg.captioning.captioner import CaptionerConfig, describe_captioner, load_captioner
from hdvg.captioning.lavis import find_python
from hdvg.captioning.lavis_process import _translate
from hdvg.captioning.stand_in_model import (
    StandInConfig,
    build_model,
    build_processor,
    train_tokenizer,
)
from hdvg.captioning.stand_in_training import save_stand_in
from hdvg.errors import InputError

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    torch.manual_seed(1)
    sizes = StandInConfig(image_size_px=32, patch_px=8, width=32, num_queries=4)
    processor = build_processor(sizes, train_tokenizer(["a red circle over a blue background"]))
    model = build_model(sizes, processor)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(6.0)  # so that pictures matter
    folder = tmp_path_factory.mktemp("lavis") / "tiny"
    save_stand_in(model, processor, folder)
    return folder


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            "vision_model.encoder.layers.3.self_attn.projection.weight",
            "visual_encoder.blocks.3.attn.proj.weight",
        ),
        ("vision_model.encoder.layers.0.layer_norm2.bias", "visual_encoder.blocks.0.norm2.bias"),
        ("vision_model.encoder.layers.0.mlp.fc1.bias", "visual_encoder.blocks.0.mlp.fc1.bias"),
        ("vision_model.embeddings.patch_embedding.bias", "visual_encoder.patch_embed.proj.bias"),
        ("vision_model.post_layernorm.weight", "ln_vision.weight"),
        (
            "qformer.encoder.layer.1.crossattention.attention.key.weight",
            "Qformer.bert.encoder.layer.1.crossattention.self.key.weight",
        ),
        (
            "qformer.encoder.layer.1.attention.output.dense.bias",
            "Qformer.bert.encoder.layer.1.attention.output.dense.bias",
        ),
        ("qformer.layernorm.weight", "Qformer.bert.embeddings.LayerNorm.weight"),
        ("language_projection.weight", "opt_proj.weight"),
        (
            "language_model.model.decoder.layers.0.fc1.weight",
            "opt_model.model.decoder.layers.0.fc1.weight",
        ),
        ("query_tokens", "query_tokens"),
    ],
)
def test_names_of_weights(theirs, ours):
    """LAVIS's names as its released checkpoints have them."""
    weight = torch.ones(2)
    assert _translate(theirs, weight) == {ours: weight}


def test_biases_of_queries_and_values_are_kept():
    found = _translate("vision_model.encoder.layers.2.self_attn.qkv.bias", torch.arange(6.0))
    stem = "visual_encoder.blocks.2.attn"
    assert {name: value.tolist() for name, value in found.items()} == {
        f"{stem}.q_bias": [0.0, 1.0],
        f"{stem}.v_bias": [4.0, 5.0],
    }


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["", "a red"])
@pytest.mark.parametrize("num_beams", [1, 3])
def test_captions_are_equal_for_equal_weights(tiny, monkeypatch, prompt, num_beams):
    monkeypatch.chdir(ROOT)
    try:
        find_python()
    except InputError as error:
        pytest.skip(str(error))
    rng = np.random.default_rng(0)
    images = [Image.fromarray(rng.integers(0, 256, (48, 64, 3), np.uint8)) for _ in range(12)]
    said = {}
    for backend in ("transformers", "lavis"):
        config = CaptionerConfig(
            model=str(tiny),
            backend=backend,
            prompt=prompt,
            num_beams=num_beams,
            max_new_tokens=8,
            device="cpu",
            dtype="fp32",
        )
        revision = describe_captioner(config)["revision"]
        said[backend] = load_captioner(config, revision).caption(images)
    assert said["lavis"] == said["transformers"]
    assert len(set(said["lavis"])) > 1
