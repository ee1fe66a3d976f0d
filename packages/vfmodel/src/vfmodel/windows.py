"""Exact 3D attention windows: ragged at the borders, never padded, never masked.

Source: VideoFactory, "3D window" and "shifted 3D window" attention of Swap-CA. Windows do not
overlap and are shifted along time only, so a shift is nothing but another way of cutting the time
axis. The last window of an axis is shorter where the size does not divide. Padding instead, as
window code usually does, lets queries attend to the padding unless every pad is masked.

Shape letters: B batch, N = T * H * W tokens of a clip, C channels.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product

import torch
from jaxtyping import Float, Int
from torch import Tensor

from vfmodel.attention import attend

Size = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class WindowPlan:
    """Where each token of a batch goes when windows are laid out one after another.

    Attributes:
        order: Window-major position -> token, over the flattened batch.
        inverse: Token -> window-major position.
        groups: (windows, tokens in each) in window-major order; each is one dense attention call.
    """

    order: Int[Tensor, " BN"]
    inverse: Int[Tensor, " BN"]
    groups: tuple[tuple[int, int], ...]


def cut_axis(length: int, window: int, shift: int = 0) -> list[tuple[int, int]]:
    """Cuts 0..length at shift, shift + window, ...; an axis that fits one window stays whole.

    Returns:
        Half-open segments in order, without gaps.
    """
    if window >= length:
        return [(0, length)]
    first = shift % window or window
    return list(pairwise([0, *range(first, length, window), length]))


# A compiled network must hold the indices, not the code that makes them. Hence sizes cannot be
# symbols: compile with dynamic=False, and every size gets a graph of its own.
@torch.compiler.assume_constant_result
def plan_windows(
    batch: int, size: Size, window: Size, shift: int, device: torch.device
) -> WindowPlan:
    """Groups the windows of a batch by their number of tokens.

    Args:
        batch: Clips in the batch.
        size: T, H, W of a clip.
        window: T, H, W of a window.
        shift: How far the cuts in time are moved, in frames.
        device: Where the indices live.
    """
    return _plan(batch, size, window, shift, device)


@lru_cache(maxsize=64)
def _plan(batch: int, size: Size, window: Size, shift: int, device: torch.device) -> WindowPlan:
    tokens_per_clip = size[0] * size[1] * size[2]
    tokens = torch.arange(tokens_per_clip).view(size)
    axes = [cut_axis(*axis) for axis in zip(size, window, (shift, 0, 0), strict=True)]
    by_length: dict[int, list[Tensor]] = {}
    for (t0, t1), (h0, h1), (w0, w1) in product(*axes):
        inside = tokens[t0:t1, h0:h1, w0:w1].flatten()
        by_length.setdefault(len(inside), []).append(inside)
    clips = torch.arange(batch).view(batch, 1, 1) * tokens_per_clip
    grouped = [clips + torch.stack(windows) for windows in by_length.values()]
    order = torch.cat([group.flatten() for group in grouped])
    return WindowPlan(
        order=order.to(device),
        inverse=order.argsort().to(device),
        groups=tuple((batch * group.shape[1], group.shape[2]) for group in grouped),
    )


class _Reorder(torch.autograd.Function):
    """Picks rows by a permutation; the gradient is a second pick, not a scatter-add."""

    @staticmethod
    def forward(rows: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        return rows.index_select(0, order)

    @staticmethod
    def setup_context(
        ctx: torch.autograd.function.FunctionCtx,
        inputs: tuple[Tensor, Tensor, Tensor],
        output: Tensor,
    ) -> None:
        ctx.save_for_backward(inputs[1], inputs[2])

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, *grads: Tensor
    ) -> tuple[Tensor, None, None]:
        order, inverse = ctx.saved_tensors  # type: ignore[attr-defined]
        return _reorder(grads[0], inverse, order), None, None


def _reorder(rows: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    return _Reorder.apply(rows, order, inverse)  # type: ignore[no-untyped-call]


def to_windows(tokens: Float[Tensor, "B N C"], plan: WindowPlan) -> Float[Tensor, "BN C"]:
    """Lays the tokens of a batch out window by window."""
    return _reorder(tokens.flatten(0, 1), plan.order, plan.inverse)


def from_windows(
    rows: Float[Tensor, "BN C"], plan: WindowPlan, batch: int
) -> Float[Tensor, "B N C"]:
    """Undoes `to_windows`."""
    return _reorder(rows, plan.inverse, plan.order).view(batch, -1, rows.shape[1])


def attend_in_windows(
    query: Float[Tensor, "BN C"],
    key: Float[Tensor, "BN C"],
    value: Float[Tensor, "BN C"],
    plan: WindowPlan,
    num_heads: int,
) -> Float[Tensor, "BN C"]:
    """Multi-head attention inside each window; all tensors are in window-major order."""
    sizes = [windows * length for windows, length in plan.groups]
    grouped = zip(*(torch.split(x, sizes) for x in (query, key, value)), strict=True)
    outputs = []
    for (windows, length), rows in zip(plan.groups, grouped, strict=True):
        q, k, v = (x.reshape(windows, length, -1) for x in rows)
        outputs.append(attend(q, k, v, num_heads).flatten(0, 1))
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs)
