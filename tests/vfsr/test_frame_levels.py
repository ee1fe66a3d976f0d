"""Frames to floats and back, against rounding written out."""

import numpy as np
import pytest
import torch

from vfsr.frame_levels import from_network, to_network


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [3, 4])
def test_levels_come_back(kind, channels):
    top = np.iinfo(kind).max
    levels = np.random.default_rng(0).integers(0, top + 1, (5, 7, channels)).astype(kind)
    floats = to_network(levels)
    assert floats.shape == (3, 5, 7)
    assert torch.equal(floats, torch.from_numpy(levels[..., :3] / np.float32(top)).permute(2, 0, 1))
    back = from_network(floats, levels)
    assert back.dtype == kind
    assert np.abs(back[..., :3].astype(int) - levels[..., :3]).max() == 0


def test_values_are_rounded_not_cut():
    large = torch.tensor([0.4999, 0.5001, 254.6]).reshape(3, 1, 1) / 255
    assert from_network(large, np.zeros((1, 1, 3), np.uint8)).tolist() == [[[0, 1, 255]]]


def test_alpha_is_enlarged_without_leaving_its_range():
    small = np.zeros((8, 8, 4), np.uint8)
    small[:, 4:, 3] = 255
    large = from_network(torch.zeros(3, 32, 32), small)
    assert large.shape == (32, 32, 4)
    matte = large[..., 3].astype(int)
    assert (matte == matte[0]).all()
    assert matte[0, :12].max() < 10
    assert matte[0, 20:].min() > 245
    assert abs(matte.mean() - 127.5) < 1
