import pytest
import torch

from vfsr.dead_leaves import render_dead_leaves
from vfsr.flow import estimate_flow, warp

SIDE = 96


@pytest.fixture(scope="module")
def picture():
    import numpy as np

    leaves = render_dead_leaves(np.random.default_rng(3), SIDE + 32, SIDE + 32)
    small = torch.from_numpy(leaves).permute(2, 0, 1).float() / 255
    return torch.nn.functional.avg_pool2d(small[None], 3, 1, 1)[0]


def crop(picture, x, y):
    return picture[:, 16 + y : 16 + y + SIDE, 16 + x : 16 + x + SIDE]


@pytest.mark.parametrize(("x", "y"), [(0, 0), (1, 0), (-2, 3), (6, -5)])
def test_a_pan_is_found(picture, x, y):
    now, before = crop(picture, x, y), crop(picture, 0, 0)
    flow = estimate_flow(now, before)  # a thing at p now was at p + (x, y) before
    error = (flow - torch.tensor([x, y]).view(2, 1, 1)).abs()[:, 16:-16, 16:-16]
    assert error.median() < 0.05
    assert error.mean() < 0.5
    inner = (slice(None), slice(16, -16), slice(16, -16))
    assert (warp(before, flow) - now)[inner].abs().mean() < 0.35 * max(
        0.02, (before - now)[inner].abs().mean()
    )


def test_a_plain_frame_stands_still():
    grey = torch.full((3, 40, 50), 0.5)
    assert estimate_flow(grey, grey).abs().max() < 1e-6


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (24, 90)])
def test_any_size_will_do(size):
    assert estimate_flow(torch.rand(3, *size), torch.rand(3, *size)).shape == (2, *size)


def test_warping_by_whole_pixels_moves_them(picture):
    flow = torch.zeros(2, SIDE, SIDE)
    flow[0], flow[1] = 2, -1
    moved = warp(crop(picture, 0, 0), flow)
    inner = (slice(None), slice(4, -4), slice(4, -4))
    assert torch.allclose(moved[inner], crop(picture, 2, -1)[inner], atol=1e-4)


def test_beyond_the_edge_is_the_edge():
    ramp = torch.linspace(0, 1, 8).expand(1, 6, 8)
    flow = torch.zeros(2, 6, 8)
    flow[0] = 100
    assert torch.allclose(warp(ramp, flow), torch.ones(1, 6, 8), atol=1e-5)
