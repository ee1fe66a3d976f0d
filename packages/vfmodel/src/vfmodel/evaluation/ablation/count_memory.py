"""The memory that training a U-Net takes, counted instead of measured.

A process's peak on a CPU also holds the encoder, the cached clips and the imports, which are the
same for every variant and larger than what differs.
"""

from typing import Any

import torch
from torch import Tensor

from vfmodel.unet import SwapUNet

# Weights, their gradients and AdamW's two moments, in float32.
_BYTES_OF_PARAMETER = 4 * 4


def count_training_memory(
    unet: SwapUNet, latents: tuple[int, int, int, int], tokens: int, batch: int
) -> int:
    """Bytes of parameters, gradients and moments, and of what the backward pass keeps, in float32.

    Counted on a twin that has shapes and no data.

    Args:
        unet: Its sizes are what counts.
        latents: C, T, h, w of a clip.
        tokens: Of a prompt, padded.
        batch: Clips.
    """
    with torch.device("meta"):
        twin = SwapUNet.from_config(dict(unet.config))
        given = (
            torch.empty(batch, *latents),
            torch.empty(batch, dtype=torch.int64),
            torch.empty(batch, tokens, unet.config.text_dim),
        )
    assert isinstance(twin, SwapUNet)
    own = {parameter.untyped_storage()._cdata for parameter in twin.parameters()}
    # What is kept twice, as the input of two layers, is there once. Every tensor is held, so that
    # no address comes again.
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        address = tensor.untyped_storage()._cdata
        if address not in own:
            kept[address] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, _unchanged):
        twin(*given)
    activations = sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
    weights = sum(parameter.numel() for parameter in twin.parameters())
    return activations + weights * _BYTES_OF_PARAMETER


def _unchanged(saved: Any) -> Any:  # noqa: ANN401 - what the hook above has returned
    return saved
