"""VideoFactory's text-to-video model: Swap-CA diffusion in latent space, training and sampling."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdvg.video import Video
    from vfmodel.data import ClipDataModule
    from vfmodel.pipeline import VideoFactoryPipeline
    from vfmodel.swap_attention import SwapConfig, SwapCrossAttention
    from vfmodel.text_to_video import generate
    from vfmodel.training import VideoDiffusion
    from vfmodel.unet import SwapUNet
    from vfmodel.unet_config import SwapUNetConfig

# Public name -> where it lives. Importing the package must not import torch.
_PUBLIC = {
    "ClipDataModule": "vfmodel.data",
    "SwapConfig": "vfmodel.swap_attention",
    "SwapCrossAttention": "vfmodel.swap_attention",
    "SwapUNet": "vfmodel.unet",
    "SwapUNetConfig": "vfmodel.unet_config",
    "Video": "hdvg.video",
    "VideoDiffusion": "vfmodel.training",
    "VideoFactoryPipeline": "vfmodel.pipeline",
    "generate": "vfmodel.text_to_video",
}

__all__ = [
    "ClipDataModule",
    "SwapConfig",
    "SwapCrossAttention",
    "SwapUNet",
    "SwapUNetConfig",
    "Video",
    "VideoDiffusion",
    "VideoFactoryPipeline",
    "generate",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'vfmodel' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
