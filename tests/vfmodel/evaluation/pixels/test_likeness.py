"""PSNR and SSIM against their definitions, written out pixel by pixel."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from hdvg.errors import InputError
from vfmodel.evaluation.pixels.likeness import LikenessConfig, Psnr, Ssim

SIZE = (24, 31)


def noisy(clip, sigma, seed):
    noise = torch.randn(clip.shape, generator=torch.Generator().manual_seed(seed)) * sigma
    return (clip.float() + noise).round().clamp(0, 255).byte()


CLIP = torch.randint(
    256, (3, 3, *SIZE), generator=torch.Generator().manual_seed(0), dtype=torch.uint8
)
MADE = noisy(CLIP, 12.0, 1)


def brute_psnr(made, real):
    error = ((made.astype(np.float64) - real.astype(np.float64)) ** 2).mean(axis=(1, 2, 3))
    return (10 * np.log10(255.0**2 / error)).mean()


def brute_ssim(made, real):
    """Wang et al. (2004), (13): over all places where the 11 x 11 window lies inside the frame."""
    axis = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(axis, axis) / axis.sum() ** 2
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    scores = []
    for one, two in zip(made.astype(np.float64), real.astype(np.float64), strict=True):
        for x, y in zip(one, two, strict=True):
            mean = [ndimage.correlate(v, window)[5:-5, 5:-5] for v in (x, y, x * x, y * y, x * y)]
            mx, my = mean[0], mean[1]
            vx, vy, cov = mean[2] - mx**2, mean[3] - my**2, mean[4] - mx * my
            part = (2 * mx * my + first) * (2 * cov + second)
            scores.append((part / ((mx**2 + my**2 + first) * (vx + vy + second))).mean())
    return np.mean(scores)


def measure(metric, *pairs):
    for made, real in pairs:
        metric.update(made, reference=real)
    return metric.result()


def test_psnr_is_its_definition_and_every_video_counts_the_same():
    result = measure(Psnr(), (MADE, CLIP), (noisy(CLIP[:1], 3.0, 2), CLIP[:1]))
    other = brute_psnr(noisy(CLIP[:1], 3.0, 2).numpy(), CLIP[:1].numpy())
    wanted = (brute_psnr(MADE.numpy(), CLIP.numpy()) + other) / 2
    assert result.value == pytest.approx(wanted, rel=1e-5)
    assert (result.name, result.unit, result.num_samples) == ("PSNR", "dB", 2)


def test_ssim_is_its_definition():
    result = measure(Ssim(), (MADE, CLIP))
    # torchmetrics pads the frame and cuts the padding off, borders of the window included.
    assert result.value == pytest.approx(brute_ssim(MADE.numpy(), CLIP.numpy()), abs=2e-5)
    assert (result.name, result.unit, result.low) == ("SSIM", "", None)


def test_flat_frames_are_not_lost_in_rounding():
    flat = torch.full((1, 3, *SIZE), 200, dtype=torch.uint8)
    shifted = flat + 1
    wanted = brute_ssim(shifted.numpy(), flat.numpy())
    assert measure(Ssim(), (shifted, flat)).value == pytest.approx(wanted, abs=1e-6)


def test_equal_videos_are_as_good_as_can_be():
    assert measure(Psnr(), (CLIP, CLIP)).value == 100.0
    assert measure(Ssim(), (CLIP, CLIP)).value == pytest.approx(1.0)


def test_only_brightness_inside_the_edge_counts_if_asked_for():
    config = LikenessConfig(luma=True, shave_px=4)
    made = MADE.clone()
    made[..., :4, :] = 0  # all of the error at the edge
    weights = np.array([65.481, 128.553, 24.966]).reshape(3, 1, 1) / 255
    planes = [
        (clip.numpy()[..., 4:-4, 4:-4] * weights).sum(axis=1, keepdims=True) + 16
        for clip in (made, CLIP)
    ]
    result = measure(Psnr(config), (made, CLIP))
    assert result.value == pytest.approx(brute_psnr(*planes), rel=1e-5)
    assert result.name == "PSNR-Y"
    assert result.details == {"luma": True, "shave_px": 4}


def test_videos_that_cannot_be_compared_are_refused():
    with pytest.raises(InputError, match=r"reference of shape \[3, 3, 24, 31\], got None"):
        Psnr().update(CLIP)
    with pytest.raises(InputError, match=r"got \[2, 3, 24, 31\]"):
        Ssim().update(CLIP, reference=CLIP[:2])
    with pytest.raises(InputError, match="11 pixels at least inside 7 at each edge, got 24x31"):
        Ssim(LikenessConfig(shave_px=7)).update(CLIP, reference=CLIP)
    with pytest.raises(InputError, match="shave_px must be at least 0, got -1"):
        LikenessConfig(shave_px=-1)
