"""Moments that are merged against numpy's of everything at once."""

import numpy as np
import pytest
import torch

from vfmodel.evaluation.fvd.moments import (
    covariance,
    mean,
    merge_moments,
    moments_of,
    no_moments,
    num_seen,
)

VALUES = torch.randn(97, 5, generator=torch.Generator().manual_seed(0)) * 0.3 + 1000.0


def merged(parts):
    return merge_moments(torch.stack([moments_of(part) for part in parts]))


@pytest.mark.parametrize("size", [1, 2, 10, 96, 97])
def test_any_split_gives_numpys_mean_and_covariance(size):
    moments = merged(VALUES.split(size))
    values = VALUES.double().numpy()
    assert num_seen(moments) == 97
    np.testing.assert_allclose(mean(moments), values.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(covariance(moments), np.cov(values.T), rtol=1e-9, atol=1e-11)


def test_merging_knows_no_order_and_no_brackets():
    one, two, three = (moments_of(part) for part in VALUES.split(33)[:3])
    left = merge_moments(torch.stack([merge_moments(torch.stack([one, two])), three]))
    right = merge_moments(torch.stack([three, merge_moments(torch.stack([two, one]))]))
    torch.testing.assert_close(left, right, rtol=1e-13, atol=1e-9)


def test_nothing_adds_nothing():
    moments, nothing = moments_of(VALUES), no_moments(5)
    for parts in ([nothing, moments], [moments, nothing], [nothing, moments, nothing]):
        assert merge_moments(torch.stack(parts)).equal(moments)
    assert num_seen(merge_moments(torch.stack([nothing, nothing]))) == 0
