"""The stand-in CLIP: its loss against numpy, its input against its own image processor."""

import copy

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
    set_apart,
    train_clip,
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


def test_words_that_frames_cannot_teach_are_set_apart(trained):
    model, tokenizer, _ = trained
    model = copy.deepcopy(model).float()
    before = model.text_model.embeddings.token_embedding.weight.clone()
    words = ["left", "right", "up"]
    set_apart(model, tokenizer, words)
    moved = model.text_model.embeddings.token_embedding.weight - before
    ids = [tokenizer(word).input_ids[1] for word in words]
    torch.testing.assert_close(moved[ids] @ moved[ids].T, 4.0 * torch.eye(3), atol=1e-4, rtol=0)
    moved[ids] = 0.0
    assert not moved.any()


def test_patches_must_tile_the_image():
    with pytest.raises(InputError, match="100 is not a multiple of patch_px 12"):
        CLIPTrainingConfig(image_size_px=100)
