from itertools import product

import pytest
import torch
from pipelines.keep_plain_colours import keep_plain_colours, plain_colours

from vfsr.rcan import RCAN, RCANConfig

COLOURS = torch.tensor(list(product((0.0, 0.25, 0.5, 0.75, 1.0), repeat=3)))


@pytest.fixture(params=["doubling", "direct"])
def network(request):
    torch.manual_seed(0)
    model = RCAN(RCANConfig(num_blocks=2, channels=8, reduction=4, tail=request.param)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = 3.0 if name.endswith("bias") else 0.01
            parameter += scale * torch.randn_like(parameter)
    return model


def test_colours_come_out_as_the_best_affine_map_makes_them(network):
    before = plain_colours(network, COLOURS).double()
    keep_plain_colours(network)
    after = plain_colours(network, COLOURS).double()
    extended = torch.cat([before, torch.ones(len(before), 1, dtype=torch.float64)], dim=1)
    # The normal equations in float64, where the code has a solver in float32.
    solution = torch.linalg.solve(extended.T @ extended, extended.T @ COLOURS.double())
    assert torch.allclose(after, extended @ solution, atol=1e-4)
    assert (after - COLOURS).square().mean() < (before - COLOURS).square().mean()


def test_an_altered_network_gets_its_colours_back():
    torch.manual_seed(0)
    network = RCAN(RCANConfig(num_blocks=2, channels=8, reduction=4)).eval()
    frames = torch.rand(1, 3, 6, 7)
    truth = network(frames)
    with torch.no_grad():
        network.tail[-1].weight *= 1.01
        network.tail[-1].bias += torch.tensor([2.0, -1.0, 0.5])
    assert not torch.allclose(network(frames), truth, atol=1e-3)
    keep_plain_colours(network)
    assert torch.allclose(network(frames), truth, atol=1e-4)
