"""How a small frame came out of the one before: dense motion by least squares, coarse to fine.

Source: Lucas and Kanade, "An Iterative Image Registration Technique" (IJCAI 1981), over a pyramid
of sizes. Needs no trained weights. Motion that it misses shows as a difference between
the frame and the warped one, by which those who use it have to judge it.

Shape letters used in this file: H W pixels.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

# Chosen on rendered clips with known motion; see benchmarks/flicker.py.
_LEVELS = 4
_STEPS = 3
_WINDOW = 11
_LEAST_SIDE = 12
_MAX_STEP_PX = 1.0
# Squared gradient of a noise of 4 levels in 255: flatter ground says nothing of motion.
_FLAT = 1e-4

_LUMA = (0.299, 0.587, 0.114)


@torch.no_grad()
def estimate_flow(
    now: Float[Tensor, "3 H W"], before: Float[Tensor, "3 H W"]
) -> Float[Tensor, "2 H W"]:
    """Pixels to the right and down from a place in `now` to the same thing in `before`.

    Args:
        now: RGB in [0, 1].
        before: Of the same size.
    """
    luma = now.new_tensor(_LUMA)
    pair = torch.einsum("c,nchw->nhw", luma, torch.stack([now, before]))[:, None]
    pyramid = [pair]
    while len(pyramid) < _LEVELS and min(pyramid[-1].shape[2:]) >= 2 * _LEAST_SIDE:
        pyramid.append(F.avg_pool2d(pyramid[-1], 2))
    flow = now.new_zeros(1, 2, *pyramid[-1].shape[2:])
    for level in reversed(pyramid):
        size = level.shape[2:]
        if flow.shape[2:] != size:
            flow = 2 * F.interpolate(flow, size=size, mode="bilinear")
        for _ in range(_STEPS):
            flow = _refine(level[:1], level[1:], flow)
    return flow[0]


def warp(frame: Float[Tensor, "C H W"], flow: Float[Tensor, "2 H W"]) -> Float[Tensor, "C H W"]:
    """Looks each pixel up where the flow points to, by bicubic interpolation; edges repeat."""
    return _look_up(frame[None], flow[None], "bicubic")[0]


def _refine(
    now: Float[Tensor, "1 1 H W"], before: Float[Tensor, "1 1 H W"], flow: Float[Tensor, "1 2 H W"]
) -> Float[Tensor, "1 2 H W"]:
    """The flow that brings the frames together best in a window about each pixel.

    Each pixel of a window is linearised at the flow of its own, which keeps steps from adding up to
    waves, as they do when a window's pixels are all asked for a change to the centre's.
    """
    moved = _look_up(before, flow, "bilinear")
    padded = F.pad(moved, (1, 1, 1, 1), mode="replicate")
    dx = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    dy = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    x, y = flow[:, :1], flow[:, 1:]
    target = now - moved + dx * x + dy * y
    products = torch.cat([dx * dx, dx * dy, dy * dy, dx * target, dy * target], dim=1)
    sums = F.avg_pool2d(products, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)
    xx, xy, yy = sums[:, :1] + _FLAT, sums[:, 1:2], sums[:, 2:3] + _FLAT
    xt, yt = sums[:, 3:4] + _FLAT * x, sums[:, 4:] + _FLAT * y
    best = torch.cat([yy * xt - xy * yt, xx * yt - xy * xt], dim=1) / (xx * yy - xy * xy)
    return flow + (best - flow).clamp(-_MAX_STEP_PX, _MAX_STEP_PX)


def _look_up(
    frames: Float[Tensor, "1 C H W"], flow: Float[Tensor, "1 2 H W"], mode: str
) -> Float[Tensor, "1 C H W"]:
    height, width = flow.shape[2:]
    x = torch.arange(width, device=flow.device) + flow[:, 0]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1]
    # As grid_sample counts: -1 and 1 are the outer edges of the first and last pixel.
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    return F.grid_sample(frames, grid, mode, "border", align_corners=False)
