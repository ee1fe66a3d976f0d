"""vfsr: upscales videos four times, frame by frame, and trains the network that does it.

    import vfsr
    large = vfsr.upscale(video)                       # hdvg.video.Video in, Video out
    poor = vfsr.degrade(frames, generator=generator)  # Real-ESRGAN's degradation
    model = vfsr.RCAN(vfsr.RCANConfig())              # 8 residual blocks, x4

Names load on first use, so that `import vfsr` costs nothing. No module may have the name of a
function here: importing it would put the module in the function's place.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vfsr.degradation.config import DegradationConfig
    from vfsr.degradation.params import sample_params
    from vfsr.degradation.second_order import degrade
    from vfsr.rcan import RCAN, RCANConfig
    from vfsr.upscale_clip import upscale
    from vfsr.upscale_film import upscale_file
    from vfsr.weights import load_rcan, save_rcan

_MODULES = {
    "DegradationConfig": "vfsr.degradation.config",
    "RCAN": "vfsr.rcan",
    "RCANConfig": "vfsr.rcan",
    "degrade": "vfsr.degradation.second_order",
    "load_rcan": "vfsr.weights",
    "sample_params": "vfsr.degradation.params",
    "save_rcan": "vfsr.weights",
    "upscale": "vfsr.upscale_clip",
    "upscale_file": "vfsr.upscale_film",
}

__all__ = [
    "RCAN",
    "DegradationConfig",
    "RCANConfig",
    "degrade",
    "load_rcan",
    "sample_params",
    "save_rcan",
    "upscale",
    "upscale_file",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'vfsr' has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value
