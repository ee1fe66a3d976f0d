"""Web videos to a captioned clip dataset, and the reader of that dataset.

The names below are loaded when first used, so that `import hdvg` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdvg.errors import InputError
    from hdvg.reader import ClipDataset
    from hdvg.video import Video

_PUBLIC = {
    "ClipDataset": "hdvg.reader",
    "InputError": "hdvg.errors",
    "Video": "hdvg.video",
}

__all__ = ["ClipDataset", "InputError", "Video"]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'hdvg' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return __all__
