"""The U-Net that a run of the fusion ablation starts from: trained weights, untrained block ends.

Whatever joins the streams at the ends of blocks begins as their sum, in every variant alike. So all
variants compute the same before their first step.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from hdvg.errors import InputError
from vfmodel.initialise import SHIPPED
from vfmodel.pretrained import STAND_IN_PIPELINE, load_part
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig


def make_start(source: str, changes: Mapping[str, Any], seed: int, folder: Path) -> Path:
    """Writes a folder that `init_from` of a training takes.

    Args:
        source: Model folder or hub id with a SwapUNet, or `shipped`.
        changes: Fields of `SwapUNetConfig` that the variant has otherwise.
        seed: Seeds the block ends.
        folder: Where to write; the part "unet" in it.

    Raises:
        InputError: There is no such model, or a change alters more than block ends.
    """
    name = STAND_IN_PIPELINE if source == SHIPPED else source
    trained = load_part(SwapUNet, name, "unet", dtype=torch.float32)
    unet = change_ends(trained, changes, seed)
    unet.save_pretrained(folder / "unet", safe_serialization=True)
    return folder


def change_ends(trained: SwapUNet, changes: Mapping[str, Any], seed: int) -> SwapUNet:
    """A U-Net with other, untrained block ends and all other weights of a trained one.

    Raises:
        InputError: A change alters more than block ends.
    """
    fields = {key: value for key, value in trained.config.items() if not key.startswith("_")}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        unet = SwapUNet(SwapUNetConfig.from_fields(fields | dict(changes)))
    ends = _end_names(unet)
    weights = {
        key: value for key, value in trained.state_dict().items() if key not in _end_names(trained)
    }
    fresh = {key: value for key, value in unet.state_dict().items() if key in ends}
    try:
        unet.load_state_dict(weights | fresh)
    except RuntimeError as error:
        reason = str(error).splitlines()[1:2] or [str(error)]
        raise InputError(
            f"{dict(changes)} alters more than block ends: {reason[0].strip()}"
        ) from error
    return unet


def _end_names(unet: SwapUNet) -> set[str]:
    """Names of the parameters that join streams at the ends of encoder and decoder blocks."""
    names = {
        f"{path}.{name}"
        for path, module in unet.named_modules()
        if isinstance(module, SwapCrossAttention)
        for name in module.state_dict()
    }
    if unet.config.block_end == "fuse":
        for path, module in unet.named_modules():
            if hasattr(module, "end_fuses") and not path.startswith("mid"):
                last = len(module.end_fuses) - 1
                names |= {f"{path}.end_fuses.{last}.{name}" for name in ("weight", "bias")}
    return names
