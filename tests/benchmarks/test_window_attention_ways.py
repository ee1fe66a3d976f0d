"""The peers compute what they claim to: a benchmark of something else would be worth nothing."""

import pytest
import torch
from benchmarks.window_attention_ways import (
    Case,
    attend_globally,
    ours,
    pad_and_mask,
    paper_case,
)
from torch.nn.functional import scaled_dot_product_attention

CPU = torch.device("cpu")


def by_labels(case, query, key, value):
    """One dense call, scores between windows at minus infinity."""
    grid = torch.cartesian_prod(*(torch.arange(n) for n in case.size))
    grid[:, 0] -= case.shift
    for axis, (n, w) in enumerate(zip(case.size, case.window, strict=True)):
        grid[:, axis] = 0 if w >= n else torch.div(grid[:, axis], w, rounding_mode="floor")
    together = (grid[:, None] == grid[None]).all(-1)
    q, k, v = (x.unflatten(-1, (case.num_heads, -1)).transpose(1, 2) for x in (query, key, value))
    return scaled_dot_product_attention(q, k, v, attn_mask=together).transpose(1, 2).flatten(2)


@pytest.mark.parametrize("size", [(8, 5, 7), (5, 4, 6), (4, 3, 2), (3, 2, 9)])
@pytest.mark.parametrize("shift", [0, 2])
def test_ours_and_pad_and_mask_are_window_attention(size, shift):
    case = Case(0, shift, size, 8, 2, (4, 2, 3))
    given = torch.randn(3, 1, size[0] * size[1] * size[2], 8, dtype=torch.float64)
    expected = by_labels(case, *given)
    for way in (ours, pad_and_mask):
        torch.testing.assert_close(way(case, CPU)(*given), expected, rtol=0, atol=1e-12)


def test_global_attention_is_one_window_over_all():
    case = Case(0, 0, (3, 4, 5), 8, 2, (9, 9, 9))
    given = torch.randn(3, 1, 60, 8, dtype=torch.float64)
    torch.testing.assert_close(
        attend_globally(case, CPU)(*given), by_labels(case, *given), rtol=0, atol=1e-12
    )


def test_the_cases_are_the_papers():
    sizes = [paper_case(level, shifted=True).size for level in range(4)]
    assert sizes == [(16, 24, 43), (16, 12, 22), (16, 6, 11), (16, 3, 6)]
    assert paper_case(1, shifted=True).shift == 4
