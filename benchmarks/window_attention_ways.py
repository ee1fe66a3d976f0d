"""The ways to compute attention in (shifted) windows that `benchmarks.swap_attention` compares.

Each takes queries, keys and values in clip order, [1, tokens, channels], and returns the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from einops import rearrange
from torch import Tensor
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.nn.functional import pad, scaled_dot_product_attention

from vfmodel.unet_config import SwapUNetConfig
from vfmodel.windows import attend_in_windows, from_windows, plan_windows, to_windows

PAPER = SwapUNetConfig.paper()

Way = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Case:
    """One level of the U-Net with one shift."""

    level: int
    shift: int
    size: tuple[int, int, int]
    channels: int
    num_heads: int
    window: tuple[int, int, int]

    def label(self) -> str:
        """For people."""
        rows, columns = self.size[1:]
        return f"level {self.level}: {rows}x{columns}, {self.channels} channels, shift {self.shift}"


def paper_case(level: int, shifted: bool) -> Case:
    """The Swap-CA of a level of the paper's U-Net; sizes are halved upwards."""
    rows, columns = PAPER.sample_height, PAPER.sample_width
    for _ in range(level):
        rows, columns = -(-rows // 2), -(-columns // 2)
    return Case(
        level,
        PAPER.window[0] // 2 if shifted else 0,
        (PAPER.num_frames, rows, columns),
        PAPER.channels[level],
        PAPER.num_heads[level],
        PAPER.window,
    )


def ours(case: Case, device: torch.device) -> Way:
    """Ragged windows, exact."""
    plan = plan_windows(1, case.size, case.window, case.shift, device)

    def run(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (to_windows(x, plan) for x in (query, key, value))
        return from_windows(attend_in_windows(q, k, v, plan, case.num_heads), plan, 1)

    return run


def pad_and_mask(case: Case, device: torch.device) -> Way:
    """Pad, roll, partition, attend under a mask, and all of it back; the mask is made once."""
    window = [min(w, n) for w, n in zip(case.window, case.size, strict=True)]
    shift = case.shift if window[0] < case.size[0] else 0
    filled = [-(-n // w) * w for n, w in zip(case.size, window, strict=True)]
    margins = [f - n for f, n in zip(filled, case.size, strict=True)]
    counts = [f // w for f, w in zip(filled, window, strict=True)]
    head_dim, tokens = case.channels // case.num_heads, window[0] * window[1] * window[2]

    def partition(x: Tensor) -> Tensor:
        grid = pad(x.view(*case.size, -1), (0, 0, 0, margins[2], 0, margins[1], 0, margins[0]))
        split = grid.roll(-shift, 0).view(
            counts[0], window[0], counts[1], window[1], counts[2], window[2], -1
        )
        return split.permute(0, 2, 4, 1, 3, 5, 6).reshape(-1, tokens, x.shape[-1])

    def unite(x: Tensor) -> Tensor:
        split = x.view(*counts, *window, -1).permute(0, 3, 1, 4, 2, 5, 6)
        grid = split.reshape(*filled, -1).roll(shift, 0)
        return grid[: case.size[0], : case.size[1], : case.size[2]].reshape(1, -1, x.shape[-1])

    # 0 is padding; frames that are rolled from the front to the back are a region of their own.
    region = torch.ones(case.size[0], device=device)
    region[:shift] = 2
    regions = partition(region.view(-1, 1, 1, 1).expand(*case.size, 1).reshape(1, -1, 1))[..., 0]
    together = regions[:, None, :, None] == regions[:, None, None, :]
    mask = None if bool(together.all()) else together

    def run(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (
            rearrange(partition(x), "n t (h d) -> n h t d", d=head_dim) for x in (query, key, value)
        )
        read = scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return unite(read.transpose(1, 2).flatten(2))

    return run


def flex(case: Case, device: torch.device) -> Way:
    """FlexAttention over all tokens in window order, windows kept apart by a block mask."""
    plan = plan_windows(1, case.size, case.window, case.shift, device)
    sizes = [length for windows, length in plan.groups for _ in range(windows)]
    labels = torch.arange(len(sizes), device=device).repeat_interleave(
        torch.tensor(sizes, device=device)
    )
    tokens = len(labels)
    mask = create_block_mask(
        lambda b, h, i, j: labels[i] == labels[j], None, None, tokens, tokens, device=str(device)
    )
    compiled = torch.compile(flex_attention, dynamic=False)

    def run(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (
            to_windows(x, plan).view(1, tokens, case.num_heads, -1).transpose(1, 2)
            for x in (query, key, value)
        )
        read = compiled(q, k, v, block_mask=mask)
        return from_windows(read.transpose(1, 2).reshape(tokens, -1), plan, 1)

    return run


def attend_globally(case: Case, device: torch.device) -> Way:
    """Every token to every token."""
    num_heads = case.num_heads

    def run(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        q, k, v = (rearrange(x, "n t (h d) -> n h t d", h=num_heads) for x in (query, key, value))
        return scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)

    return run


WAYS = {"ours": ours, "pad and mask": pad_and_mask, "flex": flex, "global": attend_globally}
