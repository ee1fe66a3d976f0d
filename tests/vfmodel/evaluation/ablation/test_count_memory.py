"""Counts against what has to be there: parameters, and activations that grow with the clips."""

import pytest
import torch

from vfmodel.evaluation.ablation.count_memory import count_training_memory
from vfmodel.unet import SwapUNet


def saved_bytes(unet, batch):
    """What a real forward pass of the network itself keeps, counted by data address."""
    kept = {}
    own = {parameter.data_ptr() for parameter in unet.parameters()}

    def keep(tensor):
        start = tensor.untyped_storage().data_ptr()
        if tensor.data_ptr() not in own and start not in own:
            kept[start] = tensor
        return tensor

    given = torch.randn(batch, 4, 3, 4, 6), torch.zeros(batch).long(), torch.randn(batch, 5, 16)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda saved: saved):
        unet(*given)
    return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())


def test_parameters_and_what_the_backward_pass_keeps(tiny_unet):
    unet = SwapUNet(tiny_unet)
    counted = [count_training_memory(unet, (4, 3, 4, 6), 5, batch) for batch in (1, 2, 3)]
    weights = 16 * sum(parameter.numel() for parameter in unet.parameters())
    assert counted[2] - counted[1] == pytest.approx(counted[1] - counted[0], rel=0.01)
    assert counted[0] > weights
    # Fused attention keeps other things on a CPU than where nothing is computed.
    assert counted[1] - weights == pytest.approx(saved_bytes(unet, 2), rel=0.15)
