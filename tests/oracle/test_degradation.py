"""The degradation against BasicSR, and against Pillow beside BasicSR and kornia."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from vfsr.dead_leaves import render_dead_leaves
from vfsr.degradation.config import DegradationConfig
from vfsr.degradation.jpeg import jpeg_round_trip
from vfsr.degradation.kernels import blur_image, render_kernels
from vfsr.degradation.params import SINC, sample_params
from vfsr.degradation.sharpen import sharpen

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(11)
    leaves = np.stack([render_dead_leaves(rng, 96, 128) for _ in range(3)])
    return torch.from_numpy(leaves).permute(0, 3, 1, 2).float() / 255


def blurs(n):
    drawn = sample_params(torch.Generator().manual_seed(3), n, DegradationConfig())
    return drawn.first.blur


def test_kernels_of_all_families_equal_basicsrs(oracle):
    blur = blurs(400)
    assert set(blur.family.tolist()) == {0, 1, 2, 3, 4, 5, SINC}
    theirs, _ = oracle.ask(
        "render_kernels", family=blur.family, width=blur.width, sigma_x=blur.sigma_x,
        sigma_y=blur.sigma_y, theta=blur.theta, beta=blur.beta, cutoff=blur.cutoff,
    )  # fmt: skip
    assert (render_kernels(blur) - theirs["kernels"]).abs().max() < 1e-6


def test_blurring_equals_basicsrs(oracle, pictures):
    blur = blurs(3)
    kernels = render_kernels(blur)
    theirs, _ = oracle.ask("blur", images=pictures, kernels=kernels)
    for i in range(3):
        ours = blur_image(pictures[i], kernels[i], int(blur.width[i]))
        assert (ours - theirs["images"][i]).abs().max() < 1e-5


def test_sharpening_equals_basicsrs(oracle, pictures):
    theirs, _ = oracle.ask("sharpen", images=pictures)
    difference = (sharpen(pictures) - theirs["images"]).abs()
    # A detail of exactly the threshold may fall on either side of it, and is then felt around it.
    assert difference.max() < 1e-3
    assert difference.mean() < 1e-5


@pytest.mark.parametrize("quality", [30, 50, 75, 90, 95])
def test_jpeg_is_nearer_to_pillow_than_basicsrs_and_kornias(oracle, pictures, quality):
    qualities = torch.full((3,), float(quality))
    truth = torch.stack([through_pillow(picture, quality) for picture in pictures])
    ours = decibels(jpeg_round_trip(pictures, qualities), truth)
    others = [
        decibels(oracle.ask(way, images=pictures, quality=qualities)[0]["images"], truth)
        for way in ("jpeg", "jpeg_kornia")
    ]
    assert ours > 42
    assert ours > max(others) + 2


def through_pillow(picture, quality):
    file = io.BytesIO()
    pixels = (picture * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    return torch.from_numpy(np.asarray(Image.open(file)).copy()).permute(2, 0, 1) / 255


def decibels(images, truth):
    return (-10 * (images - truth).square().mean().log10()).item()
