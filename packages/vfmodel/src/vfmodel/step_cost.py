"""What a training step costs in floating-point operations, and what the machine can do of them."""

import time
from collections.abc import Callable

import torch
from torch.utils.flop_counter import FlopCounterMode

from vfmodel.unet import SwapUNet

# Matrices of this side are large enough to reach the peak, and take moments.
_SIDES = {"cuda": 8192, "cpu": 1024}
_TRIES = 4


def count_step_flops(
    unet: SwapUNet, latents: tuple[int, int, int, int], tokens: int, still: bool
) -> int:
    """Floating-point operations of the U-Net's forward and backward pass for one clip.

    Only convolutions and matrix products count, as everywhere. What gradient checkpointing computes
    a second time does not: the count is of the work, not of a way to do it (Chowdhery et al., 2022,
    appendix B). Counted on a twin that has shapes and no data.

    Args:
        unet: Its sizes and its phase, addition or Swap-CA, are what counts.
        latents: C, T, h, w.
        tokens: Of a prompt, padded.
        still: Whether the clip is an image, which passes the spatial half alone.
    """
    with torch.device("meta"):
        twin = SwapUNet.from_config(dict(unet.config))
        given = (
            torch.empty(1, *latents),
            torch.empty(1, dtype=torch.int64),
            torch.empty(1, tokens, unet.config.text_dim),
        )
    assert isinstance(twin, SwapUNet)
    twin.enable_swap(unet.swap_active)
    with FlopCounterMode(display=False) as counter:
        twin(*given, still=still).sample.sum().backward()
    return int(counter.get_total_flops())


def measure_matmul_peak(
    device: torch.device, dtype: torch.dtype, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Floating-point operations a second in the fastest of a few products of square matrices.

    What a machine is sold with is out of reach; a large product is what training competes with.
    """
    side = _SIDES.get(device.type, _SIDES["cuda"])
    generator = torch.Generator(device).manual_seed(0)
    matrix = torch.randn((side, side), generator=generator, device=device).to(dtype)
    times_s = []
    for _ in range(1 + _TRIES):
        _finish(device)
        started_s = clock()
        torch.mm(matrix, matrix)
        _finish(device)
        times_s.append(clock() - started_s)
    # The first one loads and chooses kernels.
    return float(2 * side**3 / min(times_s[1:]))


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
