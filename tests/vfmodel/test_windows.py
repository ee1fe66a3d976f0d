from itertools import pairwise, product

import pytest
import torch

from vfmodel.windows import attend_in_windows, cut_axis, from_windows, plan_windows, to_windows

CPU = torch.device("cpu")


def axis_labels(length, window, shift):
    """Which window each place of an axis is in, by arithmetic."""
    if window >= length:
        return torch.zeros(length, dtype=torch.long)
    return torch.div(torch.arange(length) - shift, window, rounding_mode="floor")


def window_labels(size, window, shift):
    t, h, w = (
        axis_labels(n, win, s) for n, win, s in zip(size, window, (shift, 0, 0), strict=True)
    )
    return torch.cartesian_prod(t, h, w).unique(dim=0, return_inverse=True)[1]


def brute_force(query, key, value, labels, num_heads):
    """Dense attention over the whole clip, scores between windows at minus infinity."""
    out = torch.empty_like(query)
    width = query.shape[-1] // num_heads
    apart = labels[:, None] != labels[None, :]
    for head in range(num_heads):
        part = slice(head * width, (head + 1) * width)
        scores = query[..., part] @ key[..., part].transpose(1, 2) / width**0.5
        out[..., part] = scores.masked_fill(apart, -torch.inf).softmax(-1) @ value[..., part]
    return out


def windowed(query, key, value, size, window, shift, num_heads):
    plan = plan_windows(len(query), size, window, shift, CPU)
    rows = (to_windows(x, plan) for x in (query, key, value))
    return from_windows(attend_in_windows(*rows, plan, num_heads), plan, len(query))


def clips(batch, size, channels):
    shape = (batch, size[0] * size[1] * size[2], channels)
    return [torch.randn(shape, dtype=torch.float64) for _ in range(3)]


@pytest.mark.parametrize("length", range(1, 18))
def test_cuts_are_where_the_arithmetic_says(length):
    for window in range(1, 20):
        for shift in range(window):
            labels = axis_labels(length, window, shift)
            edges = [0, *(torch.where(labels.diff() > 0)[0] + 1).tolist(), length]
            assert cut_axis(length, window, shift) == list(pairwise(edges))


SIZES = [(1, 1, 1), (1, 3, 5), (2, 4, 4), (5, 3, 4), (8, 2, 3), (9, 5, 7)]
WINDOWS = [((1, 1, 1), 0), ((4, 2, 2), 0), ((4, 2, 3), 2), ((3, 3, 4), 1), ((20, 20, 20), 10)]


@pytest.mark.parametrize(("size", "window"), list(product(SIZES, WINDOWS)))
def test_windows_equal_masked_dense_attention(size, window):
    query, key, value = clips(2, size, 4)
    expected = brute_force(query, key, value, window_labels(size, *window), 2)
    actual = windowed(query, key, value, size, *window, 2)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


# Smaller and larger than the clip, dividing it or not, each unshifted and shifted.
GRID_WINDOWS = [
    ((1, 1, 1), 0),
    ((2, 3, 4), 1),
    ((4, 4, 4), 0),
    ((4, 2, 5), 2),
    ((5, 13, 3), 3),
    ((8, 12, 11), 0),
    ((8, 12, 11), 4),
    ((20, 7, 1), 10),
]
GRID_SIZES = list(product(range(1, 18), range(1, 14), range(1, 14)))


def compare_over(sizes):
    for size, (window, shift) in product(sizes, GRID_WINDOWS):
        query, key, value = clips(1, size, 2)
        expected = brute_force(query, key, value, window_labels(size, window, shift), 1)
        actual = windowed(query, key, value, size, window, shift, 1)
        assert (actual - expected).abs().max() < 1e-12, (size, window, shift)


def test_windows_over_a_sample_of_the_small_grid():
    # A step that no axis length divides, so that every length of every axis is met.
    sample = GRID_SIZES[::97]
    for axis, length in enumerate((17, 13, 13)):
        assert {size[axis] for size in sample} == set(range(1, length + 1))
    compare_over(sample)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("frames", range(1, 18))
def test_windows_over_the_whole_small_grid(frames):
    compare_over(size for size in GRID_SIZES if size[0] == frames)


@pytest.mark.parametrize("shift", [0, 4])
def test_windows_at_the_papers_odd_size(shift):
    size, window = (16, 24, 43), (8, 12, 11)
    query, key, value = clips(1, size, 4)
    actual = windowed(query, key, value, size, window, shift, 1)
    labels = window_labels(size, window, shift)
    for label in labels.unique():
        inside = torch.where(labels == label)[0]
        q, k, v = (x[0, inside] for x in (query, key, value))
        expected = (q @ k.T / 2.0).softmax(-1) @ v
        torch.testing.assert_close(actual[0, inside], expected, rtol=0, atol=1e-12)


def test_plan_is_a_permutation_and_counts_every_token():
    for size, (window, shift) in product(SIZES, WINDOWS):
        plan = plan_windows(3, size, window, shift, CPU)
        tokens = 3 * size[0] * size[1] * size[2]
        assert torch.equal(plan.order.sort().values, torch.arange(tokens))
        assert torch.equal(plan.order[plan.inverse], torch.arange(tokens))
        assert sum(windows * length for windows, length in plan.groups) == tokens


def test_few_attention_calls():
    assert len(plan_windows(2, (16, 24, 43), (8, 12, 11), 0, CPU).groups) == 2
    assert len(plan_windows(2, (16, 24, 43), (8, 12, 11), 4, CPU).groups) == 4


def test_gradient_of_the_reordering():
    size = (3, 2, 5)
    plan = plan_windows(2, size, (2, 2, 2), 1, CPU)
    tokens = torch.randn(2, 30, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: to_windows(x, plan) ** 2, tokens)
    assert torch.autograd.gradcheck(lambda x: from_windows(x.flatten(0, 1), plan, 2) ** 2, tokens)
