"""PSNR and SSIM of videos beside the ones that they should be, such as upscaled ones."""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import check_clip
from vfmodel.evaluation.video_scores import VideoScores

# ITU-R BT.601 in the range of video, of RGB in 0..255, as super-resolution papers have it.
_LUMA = (65.481 / 255, 128.553 / 255, 24.966 / 255)
_BLACK = 16.0
# What equal frames count: infinity would drown all others. As in the upscaler's training.
_MOST_DB = 100.0
# SSIM's window; a smaller frame has no place for it.
_WINDOW_PX = 11


@dataclass(frozen=True, kw_only=True)
class LikenessConfig:
    """What is compared; the defaults take all pixels of all channels."""

    luma: bool = False
    """Whether only brightness is compared, as most tables of super-resolution do."""
    shave_px: int = 0
    """Pixels left out at every edge; those tables leave out as many as the scale."""

    def __post_init__(self) -> None:
        if self.shave_px < 0:
            raise InputError(f"shave_px must be at least 0, got {self.shave_px}")


class _Likeness(VideoScores):
    is_differentiable = False
    higher_is_better = True

    def __init__(
        self,
        config: LikenessConfig = LikenessConfig(),
        **options: Any,  # noqa: ANN401 - torchmetrics' own
    ) -> None:
        """Starts without videos; `options` are those of `torchmetrics.Metric`."""
        suffix = "-Y" if config.luma else ""
        super().__init__(f"{type(self).__name__.upper()}{suffix}", **options)
        self.config = config

    def update(
        self,
        frames: UInt8[Tensor, "T 3 H W"],
        prompt: str = "",
        *,
        reference: UInt8[Tensor, "..."] | None = None,
    ) -> None:
        """Takes in one video.

        Args:
            frames: RGB in 0..255.
            prompt: Not looked at.
            reference: What it should be, in the same shape.

        Raises:
            InputError: There is no reference, or one of another shape.
        """
        check_clip(frames)
        if reference is None or reference.shape != frames.shape:
            shape = None if reference is None else list(reference.shape)
            raise InputError(
                f"{self.figure} needs a reference of shape {list(frames.shape)}, got {shape}"
            )
        shave = self.config.shave_px
        if min(frames.shape[-2:]) - 2 * shave < _WINDOW_PX:
            raise InputError(
                f"{self.figure} needs frames of {_WINDOW_PX} pixels at least inside {shave} at each"
                f" edge, got {frames.shape[-2]}x{frames.shape[-1]}"
            )
        shown, wanted = (self._planes(clip.to(self.device)) for clip in (frames, reference))
        self._add(self._per_frame(shown, wanted).mean())

    def _planes(self, clip: UInt8[Tensor, "T 3 H W"]) -> Float[Tensor, "T C h w"]:
        shave = self.config.shave_px
        height, width = clip.shape[-2:]
        values = clip[..., shave : height - shave, shave : width - shave].float()
        if not self.config.luma:
            return values
        weights = torch.tensor(_LUMA, device=clip.device).view(3, 1, 1)
        return (values * weights).sum(dim=1, keepdim=True) + _BLACK

    def _per_frame(
        self, shown: Float[Tensor, "T C h w"], wanted: Float[Tensor, "T C h w"]
    ) -> Float[Tensor, "T"]:
        raise NotImplementedError

    def _details(self) -> dict[str, Any]:
        return {"luma": self.config.luma, "shave_px": self.config.shave_px}


class Psnr(_Likeness):
    """Peak signal-to-noise ratio of each frame, their mean, and the mean over videos."""

    unit = "dB"

    def _per_frame(
        self, shown: Float[Tensor, "T C h w"], wanted: Float[Tensor, "T C h w"]
    ) -> Float[Tensor, "T"]:
        ratios = peak_signal_noise_ratio(
            shown, wanted, data_range=255.0, reduction="none", dim=(1, 2, 3)
        )
        return ratios.clamp(max=_MOST_DB)


class Ssim(_Likeness):
    """Structural similarity (Wang et al. 2004): Gaussian window of 11 pixels, sigma 1.5."""

    def _per_frame(
        self, shown: Float[Tensor, "T C h w"], wanted: Float[Tensor, "T C h w"]
    ) -> Float[Tensor, "T"]:
        # In float64: variances are differences of squares, and flat areas are common here.
        scores: Any = structural_similarity_index_measure(
            shown.double(), wanted.double(), data_range=255.0, reduction="none"
        )
        return scores.float()
