"""Where the U-Net's first weights come from: random, a video model, or an inflated image model."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel, UNet3DConditionModel
from diffusers.utils import CONFIG_NAME
from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.inflate import sizes_of_unet2d
from vfmodel.load_unet3d import sizes_of_unet3d
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
        kind = saved_class(source)
        if kind == "UNet2DConditionModel":
            image_unet = load_part(UNet2DConditionModel, source, "unet")
            chosen = _undecided(config, sizes_of_unet2d(image_unet), source)
            return SwapUNet.from_unet2d(image_unet, **chosen)
        if kind == "UNet3DConditionModel":
            video_unet = load_part(UNet3DConditionModel, source, "unet")
            chosen = _undecided(config, sizes_of_unet3d(video_unet), source)
            return SwapUNet.from_unet3d(video_unet, **chosen)
        loaded = load_part(SwapUNet, source, "unet", dtype=torch.float32)
        if config is None:
            return loaded.train()
        unet = SwapUNet(config)
        load_weights(unet, unet.untold() | loaded.state_dict(), source)
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


def _undecided(
    config: SwapUNetConfig | None, decided: Mapping[str, object], source: str
) -> dict[str, object]:
    """The settings that a loaded U-Net leaves open, as the config has them.

    Raises:
        InputError: The config has another value of one that it decides. Shapes would not tell:
            the same weights read with another number of heads load, and compute something else.
    """
    if config is None:
        return {}
    chosen = asdict(config)
    for name, value in decided.items():
        if chosen[name] != value:
            raise InputError(f"{name} is {value!r} in {source} and {chosen[name]!r} here")
    return {name: value for name, value in chosen.items() if name not in decided}
