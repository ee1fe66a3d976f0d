"""How much pixels change from frame to frame, with and without what moves evenly."""

from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import check_clip, join_state
from vfmodel.evaluation.video_scores import VideoScores


class Flicker(VideoScores):
    """Mean absolute difference of neighbouring frames, in [0, 1] of the range of pixels.

    VBench's "temporal flickering" is 1 minus it. What moves counts as well, so it compares videos
    of still things, or of the same motion. `trembling` in the details is half of the mean absolute
    second difference: what fades or slides evenly over smooth ground has none of it, and noise of
    its own in every frame 0.87 of the flicker.
    """

    is_differentiable = False
    higher_is_better = False
    trembling: list[Tensor]

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - torchmetrics' own
        """Starts without videos; `options` are those of `torchmetrics.Metric`."""
        super().__init__("flicker", **options)
        self.add_state("trembling", [], dist_reduce_fx="cat")

    def update(self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "") -> None:
        """Takes in one video of three frames at least.

        Args:
            frames: RGB in 0..255.
            prompt: Not looked at.

        Raises:
            InputError: It has fewer.
        """
        check_clip(frames)
        if len(frames) < 3:
            raise InputError(f"flicker needs at least 3 frames, got {len(frames)}")
        values = frames.to(self.device).float() / 255.0
        self._add(values.diff(dim=0).abs().mean())
        self.trembling.append(values.diff(n=2, dim=0).abs().mean().reshape(1) / 2)

    def _details(self) -> dict[str, Any]:
        return {"trembling": float(torch.as_tensor(join_state(self.trembling)).double().mean())}
