"""Upscales a clip in memory, one frame after the other."""

import torch

from hdvg.errors import InputError
from hdvg.video import Video
from vfsr.frame_upscaler import FrameUpscaler, UpscalingConfig
from vfsr.rcan import RCAN
from vfsr.weights import ModelSource, load_rcan


def upscale(
    video: Video,
    *,
    model: RCAN | ModelSource | None = None,
    device: str | None = None,
    upscaling: UpscalingConfig = UpscalingConfig(),
) -> Video:
    """Returns the clip `scale` (4) times larger on each side, at the same frame rate.

    A frame takes account of those before it, up to a cut, so that the clip does not flicker.

    Args:
        video: Any size; values are clipped to [0, 1].
        model: A network, a model folder, or a hub id; None is the model that ships with vfsr.
        device: Where to compute; None is CUDA if there is one, else the CPU.
        upscaling: In which strips and precision, and whether frames know of each other.

    Raises:
        InputError: The clip is empty or has another layout, or the model cannot be opened.
    """
    frames = video.frames
    if frames.ndim != 4 or frames.shape[1] != 3 or 0 in frames.shape:
        raise InputError(f"frames must be [T, 3, H, W] and not empty, got {list(frames.shape)}")
    upscaler = FrameUpscaler(open_model(model, device), upscaling)
    scale = upscaler.scale
    large = frames.new_empty(
        len(frames), 3, frames.shape[2] * scale, frames.shape[3] * scale, dtype=torch.float32
    )
    for i, frame in enumerate(frames):
        large[i] = upscaler(frame)
    return Video(frames=large, fps=video.fps)


def open_model(model: RCAN | ModelSource | None, device: str | None) -> RCAN:
    """The network on its device, in evaluation mode.

    Raises:
        InputError: No such model, or no such device.
    """
    network = model if isinstance(model, RCAN) else load_rcan(model)
    name = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return network.to(name).eval()
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"device {name!r} cannot be used: {error}") from error
