"""Upscales the frames of one film in their order; knows what the film has shown so far.

Shape letters used in this file: H W pixels, h w = scale x H, scale x W.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from vfsr.film_memory import FilmMemory
from vfsr.rcan import RCAN
from vfsr.strip_size import StripSize, choose_strips, free_bytes
from vfsr.strips import StripNetwork

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True, kw_only=True)
class UpscalingConfig:
    """How a film is upscaled; the weights are apart from it."""

    tile: int | None = None
    """Side, in pixels of the input, of the square whose area is worked on at once; the result is
    the same. None takes whole frames, or as much of them as memory allows."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of features and weights. On a CPU with AMX, bfloat16 is three times faster and costs 0.02 dB
    at most; on one without it is slower."""
    temporal: bool = True
    """Whether frames take account of the frames before them (film_memory.py): less flicker, for
    0.2 s of CPU at 344x192. Off, each frame is upscaled by itself."""

    def __post_init__(self) -> None:
        """Checks the values."""
        if self.tile is not None and self.tile < 1:
            raise InputError(f"tile must be at least 1 pixel, got {self.tile}")
        if self.precision not in _DTYPES:
            raise InputError(f"precision must be float32 or bfloat16, got {self.precision!r}")


class FrameUpscaler:
    """Frames of a film in, large frames out; `reset` before another film begins."""

    def __init__(self, network: RCAN, config: UpscalingConfig = UpscalingConfig()) -> None:
        """Takes a copy of the weights, on the device where they are."""
        self.config = config
        self.network = StripNetwork(network, dtype=_DTYPES[config.precision])
        self.scale = network.config.scale
        self.reset()

    def reset(self) -> None:
        """Forgets the frames so far."""
        self._memory = FilmMemory(self.scale)
        self._strips: StripSize | None = None
        self._size = (0, 0)

    def state(self) -> dict[str, Tensor]:
        """What it knows of the film so far, for `restore`."""
        return self._memory.state()

    def restore(self, state: dict[str, Tensor]) -> None:
        """Goes on with a film where another upscaler was when its `state` was taken."""
        self.reset()
        self._memory.restore(state)

    @torch.no_grad()
    def __call__(self, frame: Float[Tensor, "3 H W"]) -> Float[Tensor, "3 h w"]:
        """Upscales the film's next frame: RGB, clipped to [0, 1], on the frame's device."""
        small = frame.float().clamp(0, 1)
        strips = self._strips_for(frame)
        if not self.config.temporal:
            return self.network(small, *strips).clamp(0, 1)
        self._memory.look_at(small)
        large = self.network(small, *strips, self._memory.smooth)
        return self._memory.settle(large).clamp(0, 1)

    def _strips_for(self, frame: Float[Tensor, "3 H W"]) -> StripSize:
        size = frame.shape[1], frame.shape[2]
        if self._strips is None or size != self._size:
            self._size = size
            self._strips = choose_strips(
                self.network.config,
                size,
                itemsize=self.network.dtype.itemsize,
                free_bytes=free_bytes(self.network.device),
                tile=self.config.tile,
            )
        return self._strips
