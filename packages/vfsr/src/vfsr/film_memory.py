"""What keeps a film's frames consistent: what the frames before were like, until a cut.

Frames that pass a network one by one flicker, because the noise of each comes out as other detail.
Remembered are

- the means that channel attention looks at, so that its gates do not jump;
- how far block averages of the large frame are from the small one's, so that colours do not drift;
- the large frame before, which takes part in the next where the two small frames agree. The small
  frames decide alone: what cannot be seen in them leaves no ghost.

Shape letters used in this file: C channels, H W pixels of the small frame, h w of the large one,
b rows and columns of blocks.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from vfsr.flow import estimate_flow, warp

# All chosen on rendered clips with noise and with H.264 (benchmarks/flicker.py), for the least
# flicker that costs no PSNR.
_KEPT = 0.8
"""Weight of the past among attention's means and block averages."""
_FRAME_KEPT = 0.75
"""Weight of the large frame before, where the small ones agree."""
_NOISE = (1.5 / 255, 6 / 255)
"""Mean difference of small frames that passes for noise, at least and at most."""
_WINDOW = 5
"""Side of the window, in small pixels, in which differences are averaged."""
_DOUBT = 0.5
"""How much better than standing still, in units of the noise, motion has to explain a pixel."""
_CUT_SHARE = 0.25
"""At a cut less of a frame than this is found again in the one before."""
_BLOCK = 8
"""Side of the blocks whose colour is kept, in small pixels."""


class FilmMemory:
    """Memory of one film. For each frame in turn: `look_at`, then `smooth`, then `settle`."""

    def __init__(self, scale: int) -> None:
        """Starts with nothing; large frames are `scale` times larger."""
        self.scale = scale
        self._small: Tensor | None = None
        self._means: dict[int, Tensor] = {}
        self._drift: Tensor | None = None
        self._large: Tensor | None = None
        self._flow = self._kept = torch.zeros(0)

    def look_at(self, small: Float[Tensor, "3 H W"]) -> None:
        """Takes the film's next frame, before it is upscaled; forgets the film at a cut."""
        before, self._small = self._small, small
        if before is None or before.shape != small.shape:
            self._forget()
            return
        self._flow, self._kept = find_again(small, before)
        if float((self._kept > _FRAME_KEPT / 2).float().mean()) < _CUT_SHARE:
            self._forget()

    def smooth(self, layer: int, means: Float[Tensor, "C"]) -> Float[Tensor, "C"]:
        """An attention's means, averaged with those of the frames before."""
        past = self._means.get(layer, means)
        self._means[layer] = means.lerp(past, _KEPT)
        return self._means[layer]

    def settle(self, large: Float[Tensor, "3 h w"]) -> Float[Tensor, "3 h w"]:
        """The upscaled frame, with the small one's colours and something of the frame before."""
        assert self._small is not None
        size = large.shape[1], large.shape[2]
        drift = drift_of(large, self._small, self.scale)
        self._drift = drift if self._drift is None else drift.lerp(self._drift, _KEPT)
        large = large + _resize(self._drift, size)
        if self._large is not None:
            past = warp(self._large, self.scale * _resize(self._flow, size))
            large = large.lerp(past, _resize(self._kept[None], size))
        self._large = large
        return large

    def state(self) -> dict[str, Tensor]:
        """What `restore` needs to go on from here; empty before the first frame."""
        pictures = {"small": self._small, "drift": self._drift, "large": self._large}
        known = {name: value for name, value in pictures.items() if value is not None}
        return known | {f"means.{layer}": value for layer, value in self._means.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Remembers what another memory's `state` was."""
        self._small, self._drift, self._large = map(state.get, ("small", "drift", "large"))
        self._means = {
            int(name.removeprefix("means.")): value
            for name, value in state.items()
            if name.startswith("means.")
        }

    def _forget(self) -> None:
        self._means.clear()
        self._drift = self._large = None


def find_again(
    now: Float[Tensor, "3 H W"], before: Float[Tensor, "3 H W"]
) -> tuple[Float[Tensor, "2 H W"], Float[Tensor, "H W"]]:
    """Where each pixel was a frame ago, and how much the frame before may count there.

    What may as well stand still does: motion found in mere noise would set plain areas swimming.
    The noise is taken to be the median difference, since most of a frame is like the last.

    Returns:
        Flow as of `estimate_flow`, and a weight that falls from 0.75 to 0 as the frames differ by
        more than noise.
    """
    flow = estimate_flow(now, before)
    moved, still = _difference(now, warp(before, flow)), _difference(now, before)
    noise = moved.median().clamp(*_NOISE)
    moves = still > moved + _DOUBT * noise
    agreement = torch.exp(-((torch.where(moves, moved, still) / (3 * noise)) ** 4))
    return flow * moves, _FRAME_KEPT * agreement


def drift_of(
    large: Float[Tensor, "3 h w"], small: Float[Tensor, "3 H W"], scale: int
) -> Float[Tensor, "3 b1 b2"]:
    """What a large frame lacks, averaged over blocks, to be as the small one is."""
    blocks = -(-small.shape[1] // _BLOCK), -(-small.shape[2] // _BLOCK)
    drift = small - F.avg_pool2d(large[None], scale)[0]
    return F.adaptive_avg_pool2d(drift[None], blocks)[0]


def _difference(
    now: Float[Tensor, "3 H W"], before: Float[Tensor, "3 H W"]
) -> Float[Tensor, "H W"]:
    """Mean absolute difference in a window about each pixel."""
    rest = (now - before).abs().mean(dim=0)[None, None]
    return F.avg_pool2d(rest, _WINDOW, 1, _WINDOW // 2, count_include_pad=False)[0, 0]


def _resize(values: Float[Tensor, "C _ _"], size: tuple[int, int]) -> Float[Tensor, "C h w"]:
    return F.interpolate(values[None], size=size, mode="bilinear")[0]
