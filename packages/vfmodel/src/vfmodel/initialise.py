"""Where the U-Net's first weights come from: random, a video model, or an inflated image model."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from diffusers.utils import CONFIG_NAME
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.pretrained import STAND_IN_PIPELINE, load_part
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig

# What configs write for the model that ships with the package.
SHIPPED = "shipped"


def build_unet(config: SwapUNetConfig | None, init_from: str | None, seed: int) -> SwapUNet:
    """The U-Net that training starts with.

    Args:
        config: Its sizes; None takes those of `init_from`, or else the mini model's.
        init_from: Model folder or hub id with a part "unet", `SHIPPED`, or None.
        seed: Seeds whatever is not loaded.

    Raises:
        InputError: The weights cannot be loaded, or are of other sizes than `config`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if init_from is None:
            return SwapUNet(config)
        source = STAND_IN_PIPELINE if init_from == SHIPPED else init_from
        if saved_class(source) == "UNet2DConditionModel":
            return _inflate(load_part(UNet2DConditionModel, source, "unet"), config, source)
        loaded = load_part(SwapUNet, source, "unet", dtype=torch.float32)
        if config is None:
            return loaded.train()
        unet = SwapUNet(config)
        load_weights(unet, loaded.state_dict(), source)
        return unet


def load_weights(unet: torch.nn.Module, weights: Mapping[str, Tensor], source: str) -> None:
    """Loads weights into a module of the very same parameters.

    Raises:
        InputError: A parameter is missing, unknown, or of another shape; the message names the
            first one, with both shapes.
    """
    own = unet.state_dict()
    for name, value in own.items():
        if name not in weights:
            raise InputError(f"{source} has no parameter {name} (here {tuple(value.shape)})")
        if weights[name].shape != value.shape:
            raise InputError(
                f"{source} is of another shape: {name} is {tuple(weights[name].shape)} there"
                f" and {tuple(value.shape)} here"
            )
    for name, value in weights.items():
        if name not in own:
            raise InputError(f"{source} has a parameter unknown here: {name} {tuple(value.shape)}")
    unet.load_state_dict(weights)


def saved_class(source: str) -> str:
    """The class that the config of a folder's or hub id's U-Net names; "" if it names none."""
    path = Path(source) / "unet" / CONFIG_NAME
    if not path.is_file() and not Path(source).exists() and source.count("/") == 1:
        path = _from_hub(source)
    if not path.is_file():
        raise InputError(f"no model folder with a part 'unet': {source}")
    try:
        config: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise InputError(f"not a model config: {path} ({error})") from error
    return str(config.get("_class_name", ""))


def _from_hub(source: str) -> Path:
    try:
        return Path(hf_hub_download(source, CONFIG_NAME, subfolder="unet"))
    except (OSError, HfHubHTTPError, ValueError) as error:
        raise InputError(f"no model folder, and no hub id that can be reached: {source}") from error


def _inflate(
    image_unet: UNet2DConditionModel, config: SwapUNetConfig | None, source: str
) -> SwapUNet:
    """A video U-Net whose spatial part is the image U-Net; sizes must agree with `config`."""
    inflated = SwapUNet.from_unet2d(image_unet)
    if config is None:
        return inflated
    unet = SwapUNet(config)
    spatial = image_unet.state_dict()
    own = unet.state_dict()
    temporal = {name: value for name, value in own.items() if name not in spatial}
    load_weights(unet, temporal | spatial, source)
    return unet
