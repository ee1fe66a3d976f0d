"""Upscales a clip in memory, one frame at a time.

Shape letters used in this file: T frames, C channels, H W pixels, h w = scale x H, scale x W.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from hdvg.video import Video
from vfsr.rcan import RCAN
from vfsr.weights import ModelSource, load_rcan

# The tail works on strips of at most this many pixels of the result, since 64 float channels of
# a whole 5120 x 2880 frame would take 3.8 GB for each of its layers.
_STRIP_PIXELS = 2**20
# The three or four convolutions of the tail reach 1 + 1/2 + 1/4 + 1/8 < 2 pixels of its input.
_TAIL_REACH = 2


def upscale(
    video: Video, *, model: RCAN | ModelSource | None = None, device: str | None = None
) -> Video:
    """Returns the clip `scale` (4) times larger on each side, at the same frame rate.

    Args:
        video: Any size; values are clipped to [0, 1].
        model: A network, a model folder, or a hub id; None is the model that ships with vfsr.
        device: Where to compute; None is CUDA if there is one, else the CPU.

    Raises:
        InputError: The clip is empty or has another layout, or the model cannot be opened.
    """
    frames = video.frames
    if frames.ndim != 4 or frames.shape[1] != 3 or 0 in frames.shape:
        raise InputError(f"frames must be [T, 3, H, W] and not empty, got {list(frames.shape)}")
    network = open_model(model, device)
    scale = network.config.scale
    large = frames.new_empty(
        len(frames), 3, frames.shape[2] * scale, frames.shape[3] * scale, dtype=torch.float32
    )
    for i, frame in enumerate(frames):
        large[i] = upscale_frame(network, frame.float())
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


@torch.inference_mode()
def upscale_frame(model: RCAN, frame: Float[Tensor, "3 H W"]) -> Float[Tensor, "3 h w"]:
    """Upscales one RGB frame; the result is clipped to [0, 1] and lies where the frame lay."""
    device = next(model.parameters()).device
    small = frame.to(device).clamp(0, 1)[None]
    large = enlarge_in_strips(model, model.features(small), _STRIP_PIXELS)
    return large.clamp(0, 1).to(frame.device)


def enlarge_in_strips(
    model: RCAN, features: Float[Tensor, "1 C H W"], strip_pixels: int
) -> Float[Tensor, "3 h w"]:
    """Runs the network's tail over horizontal strips; the result has no seams.

    Args:
        model: Its tail is used.
        features: Of one whole frame, so that channel attention has seen all of it.
        strip_pixels: Most pixels of the result to compute at once; a strip has at least one row.
    """
    scale = model.config.scale
    height, width = features.shape[2:]
    rows = max(1, strip_pixels // (scale * scale * width))
    large = features.new_empty(3, height * scale, width * scale)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        first, last = max(0, top - _TAIL_REACH), min(height, bottom + _TAIL_REACH)
        strip = model.enlarge(features[:, :, first:last])[0]
        inner = slice((top - first) * scale, (bottom - first) * scale)
        large[:, top * scale : bottom * scale] = strip[:, inner]
    return large
