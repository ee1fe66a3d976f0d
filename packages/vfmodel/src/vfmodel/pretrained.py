"""Loads parts of a pretrained pipeline from a folder or a hub, with errors a person can use."""

import os
from pathlib import Path
from typing import Any, TypeVar, cast

from diffusers import ModelMixin

from hdvg.errors import InputError

Part = TypeVar("Part")

# The diffusers folder that ships with the package; every loader's default.
STAND_IN_PIPELINE = str(Path(__file__).parent / "stand_ins" / "text_to_video")


def load_part(
    loader: type[Part], source: str | os.PathLike[str], subfolder: str, **options: object
) -> Part:
    """Calls `loader.from_pretrained` for one part of a pipeline; weights must be safetensors.

    Args:
        loader: A diffusers or transformers class.
        source: A folder in diffusers layout, or the id of one on a hub.
        subfolder: The part, such as "vae".
        options: Passed on to the loader.

    Raises:
        InputError: There is no such folder, no such part, or what is there cannot be loaded.
    """
    name = os.fspath(source)
    looks_like_path = name.startswith((".", "/", "~")) or name.count("/") != 1
    if (looks_like_path or Path(name).exists()) and not (Path(name) / subfolder).is_dir():
        raise InputError(f"no model folder with a part {subfolder!r}: {name}")
    if issubclass(loader, ModelMixin):
        # Loading piecemeal needs accelerate, which nothing else here does.
        options |= {"low_cpu_mem_usage": False, "use_safetensors": True}
    try:
        loaded: Part = cast(Any, loader).from_pretrained(name, subfolder=subfolder, **options)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"cannot load {subfolder!r} of {name}: {error}") from error
    return loaded
