"""The stand-in CLIP: its loss against numpy, its input against its own image processor."""

import numpy as np
import pytest
import torch
from transformers import CLIPModel, CLIPProcessor, CLIPTextModel, CLIPTokenizer

from hdvg.errors import InputError
from vfmodel.scene_clips import random_frames
from vfmodel.stand_in_training.clip import (
    CLIPTrainingConfig,
    contrastive_loss,
    image_processor,
    prepare,
    retrieval_accuracy,
    save_clip,
    train_clip,
    words_loss,
)
from vfmodel.stand_in_training.tokenizer import train_tokenizer

TINY = CLIPTrainingConfig(
    text_width=16,
    text_layers=1,
    vision_width=16,
    vision_layers=1,
    image_size_px=16,
    patch_px=8,
    projection_width=8,
    num_steps=60,
    batch_size=4,
    lr=5e-3,
)


@pytest.fixture(scope="module")
def trained():
    frames, captions = random_frames(0, 4, 16, 28)
    tokenizer = train_tokenizer(captions)
    pairs = torch.from_numpy(frames), captions
    return train_clip(lambda step: pairs, TINY, tokenizer), tokenizer, pairs


def test_it_learns_whose_caption_is_whose(trained):
    model, tokenizer, pairs = trained
    assert retrieval_accuracy(model, pairs, image_processor(TINY), tokenizer) == 1.0


def test_the_loss_is_the_mean_of_both_cross_entropies():
    rng = np.random.default_rng(0)
    image, text = rng.standard_normal((2, 5, 3))
    a = image / np.linalg.norm(image, axis=1, keepdims=True)
    b = text / np.linalg.norm(text, axis=1, keepdims=True)
    p = np.exp(7.0 * a @ b.T)
    own = np.diag(p)
    want = -(np.log(own / p.sum(0)) + np.log(own / p.sum(1))).mean() / 2
    got = contrastive_loss(*(torch.tensor(x).float() for x in (image, text)), torch.tensor(7.0))
    assert got.item() == pytest.approx(want, rel=1e-5)


def test_frames_are_prepared_as_the_saved_image_processor_does(trained):
    _, tokenizer, (frames, captions) = trained
    processor = image_processor(TINY)
    pixels, tokens = prepare(frames, captions, processor, tokenizer)
    images = [frame.permute(1, 2, 0).numpy() for frame in frames]
    want = processor(images, return_tensors="pt").pixel_values
    # Pillow rounds to uint8 between its two passes; that is up to two levels of 255, over 0.26.
    assert (pixels - want).abs().max() < 2.5 / 255 / 0.26
    assert tokens.tolist()[0][: len(tokenizer(captions[0]).input_ids)] == (
        tokenizer(captions[0]).input_ids
    )


def test_what_is_saved_loads_by_hub_classes_and_encodes_text_alike(trained, tmp_path):
    model, tokenizer, (_, captions) = trained
    save_clip(tmp_path, model, tokenizer, image_processor(TINY))
    whole = CLIPModel.from_pretrained(tmp_path / "clip", dtype=torch.float32)
    CLIPProcessor.from_pretrained(tmp_path / "clip")
    folder = tmp_path / "text_to_video"
    text = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    loaded = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    ids = loaded(captions, padding=True, return_tensors="pt").input_ids
    with torch.no_grad():
        pooled = text(ids).pooler_output
        want = whole.get_text_features(ids)
        want = getattr(want, "pooler_output", want)
        torch.testing.assert_close(whole.text_projection(pooled), want)


def test_guessing_words_costs_the_cross_entropy_to_those_that_occur():
    tokens = torch.tensor([[4, 1, 1, 5], [4, 2, 0, 5]])
    logits = torch.randn(2, 6, generator=torch.Generator().manual_seed(0))
    p = torch.log_softmax(logits, 1)
    want = -(p[0, [1, 4, 5]].mean() + p[1, [0, 2, 4, 5]].mean()) / 2
    torch.testing.assert_close(words_loss(logits, tokens), want)


def test_captions_that_look_the_same_in_a_frame_are_told_apart():
    """Two captions of one frame, which contrast alone has no reason to part."""
    frames, _ = random_frames(0, 1, 16, 28)
    twice = torch.from_numpy(frames).repeat(2, 1, 1, 1)
    captions = ["a red circle moving left", "a red circle moving right"]
    tokenizer = train_tokenizer(captions)
    parted = []
    for changes in ({"num_steps": 1, "lr": 1e-9}, {"num_steps": 300}):
        config = CLIPTrainingConfig(**(vars(TINY) | changes))
        model = train_clip(lambda step: (twice, captions), config, tokenizer)
        tokens = tokenizer(captions, return_tensors="pt").input_ids
        last = model.text_model(tokens).last_hidden_state[:, -1]
        parted.append(1.0 - torch.cosine_similarity(*last, dim=0).item())
    assert parted[1] > 4.0 * parted[0]


def test_patches_must_tile_the_image():
    with pytest.raises(InputError, match="100 is not a multiple of patch_px 12"):
        CLIPTrainingConfig(image_size_px=100)
