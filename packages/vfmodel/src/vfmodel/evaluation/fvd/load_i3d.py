"""Loads I3D from the files of weights that are passed around; nothing is ever downloaded."""

from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork, check_file
from vfmodel.evaluation.fvd.i3d import I3D, MIN_FRAMES, NUM_FEATURES, SIZE_PX


def load_i3d(path: str | Path, sha256: str | None = None, norm_eps: float = 1e-3) -> FeatureNetwork:
    """I3D with DeepMind's weights for Kinetics-400, from a PyTorch or safetensors file.

    Args:
        path: `rgb_imagenet.pt`, `i3d_pretrained_400.pt` or another with the same names.
        sha256: Hex digest that the file has to have; the one it has stands beside every figure.
        norm_eps: See `I3D`.

    Raises:
        InputError: The file is missing, another one, or holds other weights than I3D's.
    """
    found = check_file(path, sha256)
    network = I3D(norm_eps)
    try:
        network.load_state_dict(_read_weights(Path(path)))
    except RuntimeError as error:
        reason = str(error).splitlines()[1:2] or [str(error)]
        raise InputError(f"{path} holds no I3D of 400 classes: {reason[0].strip()}") from error
    return FeatureNetwork(
        figure="FVD",
        name="I3D, Kinetics-400, logits averaged over time",
        sha256=found,
        num_features=NUM_FEATURES,
        min_frames=MIN_FRAMES,
        height=SIZE_PX,
        width=SIZE_PX,
        network=network.eval().requires_grad_(False),
        settings={"norm_eps": norm_eps},
    )


def _read_weights(path: Path) -> dict[str, Tensor]:
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, UnpicklingError, EOFError, RuntimeError) as error:
        raise InputError(f"{path} is no file of weights: {error}") from error
    if not isinstance(weights, dict):
        raise InputError(f"{path} holds a {type(weights).__name__}, not weights by name")
    return weights
