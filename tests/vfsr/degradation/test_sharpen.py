"""Against the same operation written with OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from vfsr.dead_leaves import render_dead_leaves
from vfsr.degradation.sharpen import sharpen


def with_opencv(picture):
    image = picture.astype(np.float64) / 255
    line = cv2.getGaussianKernel(51, 0, cv2.CV_64F)
    window = line @ line.T
    soft = cv2.filter2D(image, -1, window, borderType=cv2.BORDER_REFLECT_101)
    detail = image - soft
    mask = (np.abs(detail) * 255 > 10).astype(np.float64)
    weight = cv2.filter2D(mask, -1, window, borderType=cv2.BORDER_REFLECT_101)
    return weight * np.clip(image + 0.5 * detail, 0, 1) + (1 - weight) * image


@pytest.mark.parametrize("size", [(64, 80), (30, 27), (96, 33)])
def test_equals_opencv(size):
    picture = render_dead_leaves(np.random.default_rng(3), *size)
    ours = sharpen(torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].double() / 255)
    assert np.abs(ours[0].permute(1, 2, 0).numpy() - with_opencv(picture)).max() < 2e-6


def test_a_flat_frame_stays_flat():
    flat = torch.full((2, 3, 9, 60), 0.4)
    assert torch.equal(sharpen(flat), flat)


def test_an_edge_becomes_steeper_and_stays_in_range():
    edge = torch.full((1, 3, 64, 64), 0.3)
    edge[..., 32:] = 0.7
    result = sharpen(edge)
    assert result[0, 0, 32, 31] < 0.25
    assert result[0, 0, 32, 32] > 0.75
    assert sharpen((edge > 0.5).float()).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 5)])
def test_frames_smaller_than_the_kernel(size):
    result = sharpen(torch.rand(1, 3, *size))
    assert result.shape[-2:] == size
    assert torch.isfinite(result).all()
