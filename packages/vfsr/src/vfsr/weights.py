"""Model folders: `config.json` with the sizes, `model.safetensors` with the weights."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from hdvg.errors import InputError
from vfsr.rcan import RCAN, RCANConfig

ModelSource = str | os.PathLike[str]
DEFAULT_MODEL = Path(__file__).parent / "stand_ins" / "rcan_x4"
"""The model that ships with the package."""

_CONFIG, _WEIGHTS = "config.json", "model.safetensors"


def save_rcan(model: RCAN, folder: ModelSource, dtype: torch.dtype = torch.float32) -> Path:
    """Writes a model folder, replacing one of the same name only once it is complete.

    Args:
        model: What to save.
        folder: Where; its parents are made.
        dtype: Of the trained weights; float16 halves the file.
    """
    target = Path(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    replaced = target.with_name(f".{target.name}.{os.getpid()}.replaced")
    trained = {name for name, _ in model.named_parameters()}
    tensors = {
        name: (value.to(dtype) if name in trained else value).cpu().contiguous()
        for name, value in model.state_dict().items()
    }
    try:
        partial.mkdir()
        sizes = json.dumps(asdict(model.config), indent=2) + "\n"
        (partial / _CONFIG).write_text(sizes, encoding="ascii")
        save_file(tensors, partial / _WEIGHTS, metadata={"format": "pt"})
        if target.exists():
            target.replace(replaced)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
    return target


def load_rcan(source: ModelSource | None = None) -> RCAN:
    """Opens a model folder, in float32 and ready for use.

    Args:
        source: A folder or a hub id (`owner/name`); None is the model that ships with the package.

    Raises:
        InputError: No such folder, a file in it that is missing or malformed, or weights that do
            not fit its sizes.
    """
    folder = _find_folder(DEFAULT_MODEL if source is None else source)
    model = RCAN(_read_config(folder / _CONFIG))
    try:
        weights = load_file(folder / _WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot read upscaler weights {folder / _WEIGHTS}: {error}") from error
    check_shapes(model.state_dict(), weights, str(folder))
    model.load_state_dict(weights)
    return model.eval()


def check_shapes(own: Mapping[str, Tensor], other: Mapping[str, Tensor], source: str) -> None:
    """Refuses weights that do not fit, naming the first parameter and both shapes.

    Raises:
        InputError: A parameter is missing, is not known, or has another shape.
    """
    for name, value in own.items():
        if name not in other:
            raise InputError(f"{source} does not fit this network: it has no {name}")
        if value.shape != other[name].shape:
            raise InputError(
                f"{source} does not fit this network: {name} has shape "
                f"{list(other[name].shape)}, the network has {list(value.shape)}"
            )
    for name in other:
        if name not in own:
            raise InputError(f"{source} does not fit this network, which has no {name}")


def _read_config(path: Path) -> RCANConfig:
    try:
        sizes = json.loads(path.read_text(encoding="utf-8"))
        return RCANConfig(**sizes)
    except InputError:
        raise
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot read upscaler sizes {path}: {error}") from error


def _find_folder(source: ModelSource) -> Path:
    folder = Path(source)
    if folder.is_dir():
        return folder
    name = os.fspath(source)
    if isinstance(source, str) and name.count("/") == 1 and not name.startswith((".", "/", "~")):
        return _download(name)
    raise InputError(f"upscaler model folder not found: {name}")


def _download(repo_id: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(repo_id, allow_patterns=[_CONFIG, _WEIGHTS]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise InputError(
            f"upscaler model {repo_id} is neither a folder nor a model on the hub: {error}"
        ) from error
