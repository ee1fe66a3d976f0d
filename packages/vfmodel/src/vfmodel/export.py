"""Writes what was trained as a model folder: a diffusers pipeline, safetensors only."""

import os
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL
from safetensors import SafetensorError
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from hdvg.errors import InputError
from vfmodel.initialise import load_weights
from vfmodel.objective import ObjectiveConfig, build_scheduler
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.pretrained import load_part
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig

_UNET = "unet."


def export_model(
    folder: str | os.PathLike[str],
    unet: SwapUNet,
    objective: ObjectiveConfig,
    base: str,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Writes a whole text-to-video pipeline; the folder appears, or is replaced, in one go.

    Args:
        folder: Where to write.
        unet: The trained network.
        objective: What it was trained for; it becomes the scheduler and the noise that sampling
            starts from.
        base: Folder or hub id that the frozen parts are copied from.
        dtype: Precision of everything that is written; the modules are converted in place.

    Raises:
        InputError: The weights cannot be written, because the disk is full for example.
    """
    pipeline = VideoFactoryPipeline(
        vae=load_part(AutoencoderKL, base, "vae"),
        text_encoder=load_part(CLIPTextModel, base, "text_encoder"),
        tokenizer=load_part(CLIPTokenizer, base, "tokenizer"),
        unet=unet,
        scheduler=build_scheduler(objective),
        noise_sharing=objective.noise_sharing,
    )
    for part in (pipeline.vae, pipeline.text_encoder, pipeline.unet):
        # By torch's own `to`: that of diffusers warns of modules that should stay in float32, of
        # which there are none.
        torch.nn.Module.to(part, dtype)
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}.partial")
    old = target.with_name(f".{target.name}.{os.getpid()}.old")
    try:
        for part in (pipeline.vae, pipeline.unet):
            part.register_to_config(_name_or_path="")  # where it was loaded is nobody's business
        pipeline.save_pretrained(fresh, safe_serialization=True)
        if target.exists():
            target.replace(old)
        fresh.replace(target)
    except SafetensorError as error:
        raise InputError(f"cannot write the model folder {target}: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return target


def export_checkpoint(
    checkpoint: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Writes a training checkpoint's averaged weights as a model folder.

    Raises:
        InputError: Not a checkpoint of `vfmodel fit`.
    """
    content = read_checkpoint(checkpoint)
    settings = content["vfmodel"]
    unet = SwapUNet(SwapUNetConfig.from_fields(settings["unet"]))
    load_weights(unet, unet_weights(content["state_dict"]), os.fspath(checkpoint))
    objective = ObjectiveConfig(**settings["objective"])
    return export_model(folder, unet, objective, settings["base"], dtype)


def unet_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The U-Net's part of a LightningModule's state, under the U-Net's own names."""
    return {name.removeprefix(_UNET): v for name, v in state.items() if name.startswith(_UNET)}


def read_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads a checkpoint of `vfmodel fit`; nothing in the file is executed.

    Raises:
        InputError: There is no such file, or it is something else.
    """
    if not Path(path).is_file():
        raise InputError(f"no checkpoint: {os.fspath(path)}")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise InputError(f"not a readable checkpoint: {os.fspath(path)} ({first_line})") from error
    if not isinstance(content, dict) or "vfmodel" not in content or "state_dict" not in content:
        raise InputError(f"not a checkpoint of `vfmodel fit`: {os.fspath(path)}")
    return content
