"""Against Pillow, which is libjpeg."""

import io

import numpy as np
import pytest
import torch
from PIL import Image, JpegImagePlugin

from vfsr.dead_leaves import render_dead_leaves
from vfsr.degradation.jpeg import jpeg_round_trip, quantisation_tables


def pillow_round_trip(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return np.asarray(Image.open(file)).astype(float)


def ours(image, quality):
    frames = torch.from_numpy(image.copy()).permute(2, 0, 1)[None] / 255
    return jpeg_round_trip(frames, torch.tensor([float(quality)]))[0].permute(1, 2, 0) * 255


def decibels(a, b):
    return 10 * np.log10(255**2 / max(1e-6, np.mean((np.asarray(a) - b) ** 2)))


@pytest.fixture(scope="module")
def picture():
    return render_dead_leaves(np.random.default_rng(0), 120, 170)


@pytest.mark.parametrize("quality", [30, 40, 50, 75, 90, 95])
def test_agrees_with_libjpeg(picture, quality):
    assert decibels(ours(picture, quality), pillow_round_trip(picture, quality)) > 44


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (8, 9), (1, 1), (2, 5), (33, 16)])
def test_agrees_at_any_size(picture, size):
    cut = picture[: size[0], : size[1]]
    assert ours(cut, 80).shape == cut.shape
    assert decibels(ours(cut, 80), pillow_round_trip(cut, 80)) > 40


@pytest.mark.parametrize("quality", [1, 10, 30, 49, 50, 75, 95, 100])
def test_tables_are_those_in_pillows_files(picture, quality):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    written = Image.open(file)
    assert isinstance(written, JpegImagePlugin.JpegImageFile)
    luma, chroma = quantisation_tables(torch.tensor([float(quality)]))
    # Pillow hands the tables out in plain row order.
    assert luma[0].flatten().tolist() == list(written.quantization[0])
    assert chroma[0].flatten().tolist() == list(written.quantization[1])


def test_each_image_has_its_own_quality_and_keeps_it(picture):
    frames = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].expand(3, -1, -1, -1) / 255
    quality = torch.tensor([30.0, 95.0, 60.0])
    together = jpeg_round_trip(frames, quality)
    assert quality.tolist() == [30.0, 95.0, 60.0]
    for i, q in enumerate((30, 95, 60)):
        assert torch.equal(together[i].permute(1, 2, 0) * 255, ours(picture, q))


def test_results_lie_on_the_8_bit_grid(picture):
    result = ours(picture, 60)
    assert torch.allclose(result, result.round(), atol=1e-3)
    assert result.min() >= 0
    assert result.max() <= 255


def test_a_second_pass_at_the_same_quality_changes_little(picture):
    once = ours(picture, 75)
    twice = ours(once.round().to(torch.uint8).numpy(), 75)
    first_loss = decibels(once, picture.astype(float))
    assert decibels(twice, once.numpy()) > first_loss + 6


def test_best_quality_is_nearly_lossless_without_colour():
    gray = np.repeat(render_dead_leaves(np.random.default_rng(1), 64, 64)[..., :1], 3, axis=2)
    assert decibels(ours(gray, 100), gray.astype(float)) > 50
