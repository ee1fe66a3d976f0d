"""FLOPs of a step against what can be added up by hand, and the machine's peak by a told clock."""

import itertools
import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from vfmodel.fusion import Fuse
from vfmodel.step_cost import count_step_flops, measure_matmul_peak
from vfmodel.unet import SwapUNet, SwapUNetConfig

LATENTS = (4, 3, 4, 6)
TOKENS = 7


def build():
    config = SwapUNetConfig(
        channels=(8, 16),
        num_heads=(1, 2),
        attention_levels=(True, False),
        norm_groups=4,
        text_dim=12,
        window=(2, 2, 3),
    )
    return SwapUNet(config)


def forward_flops(unet, still):
    """A pass over real numbers, whose attention is written as two products."""
    given = (torch.randn(1, *LATENTS), torch.tensor([5]), torch.randn(1, TOKENS, 12))
    for module in unet.modules():
        if isinstance(module, Fuse):
            module.given = (0,)
            module.register_forward_pre_hook(lambda fusion, x: setattr(fusion, "given", x[0].shape))
    with (
        torch.no_grad(),
        torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH),
        FlopCounterMode(display=False) as counter,
    ):
        unet(*given, still=still)
    return counter.get_total_flops()


def flops_without_input_gradient(unet, still):
    """Layers that read data, not activations: their input wants no gradient."""
    _, frames, height, width = LATENTS
    first = unet.config.channels[0]
    total = 2 * frames * height * width * 9 * 4 * first  # conv_in
    total += 2 * first * 4 * first  # the timestep's first layer
    total += 0 if still else 2 * frames * first * 4 * first  # the frame numbers'
    for name, module in unet.named_modules():
        if name.endswith(("attn2.to_k", "attn2.to_v")):
            total += 2 * TOKENS * module.in_features * module.out_features
        if isinstance(module, Fuse) and still:  # its temporal half meets zeros
            total += 2 * math.prod(module.given) * len(module.weight)
    return total


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize("swap", [False, True])
def test_a_step_is_three_forward_passes_less_the_gradients_of_data(swap, still):
    unet = build()
    unet.enable_swap(swap)
    want = 3 * forward_flops(unet, still) - flops_without_input_gradient(unet, still)
    assert count_step_flops(unet, LATENTS, TOKENS, still) == want


def test_counting_disturbs_neither_random_numbers_nor_weights():
    unet = build()
    before, state = {k: v.clone() for k, v in unet.state_dict().items()}, torch.get_rng_state()
    count_step_flops(unet, LATENTS, TOKENS, still=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(v, before[k]) for k, v in unet.state_dict().items())
    assert all(parameter.grad is None for parameter in unet.parameters())
    # Plans of windows are remembered, and must not be remembered without data.
    assert unet(torch.randn(1, *LATENTS), 5, torch.randn(1, TOKENS, 12)).sample.isfinite().all()


def test_the_peak_is_that_of_the_fastest_product_after_the_first():
    # Products that take 0.1, 8, 4, 2 and 16 s.
    times = itertools.accumulate(
        [0.0, 0.1, 1.0, 8.0, 1.0, 4.0, 1.0, 2.0, 1.0, 16.0], lambda a, b: a + b
    )
    peak = measure_matmul_peak(torch.device("cpu"), torch.float32, lambda: next(times))
    assert peak == pytest.approx(2 * 1024**3 / 2.0)


def test_a_real_machine_has_a_finite_peak_and_keeps_its_random_numbers():
    state = torch.get_rng_state()
    peak = measure_matmul_peak(torch.device("cpu"), torch.float32)
    assert torch.equal(torch.get_rng_state(), state)
    assert 0 < peak < math.inf
