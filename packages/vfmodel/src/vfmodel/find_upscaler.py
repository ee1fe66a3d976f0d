"""Finds what enlarges a video by its import path: this package knows no upscaler of its own."""

from collections.abc import Callable
from importlib import import_module

from hdvg.errors import InputError
from hdvg.video import Video


def find_upscaler(path: str) -> Callable[[Video], Video]:
    """Imports a function.

    Args:
        path: Module and function, such as "vfsr.upscale".

    Raises:
        InputError: There is no such module or function, or it is nothing to call.
    """
    module, _, name = path.rpartition(".")
    if not all(part.isidentifier() for part in path.split(".")) or not module:
        raise InputError(f"upscaler must be like vfsr.upscale, got {path!r}")
    try:
        found = getattr(import_module(module), name)
    except ModuleNotFoundError as error:
        raise InputError(f"upscaler {path}: {error}") from error
    except AttributeError as error:
        raise InputError(f"upscaler {path}: {module} has no {name}") from error
    if not callable(found):
        raise InputError(f"upscaler {path} is not a function")
    upscaler: Callable[[Video], Video] = found
    return upscaler
