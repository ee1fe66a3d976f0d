"""How far a video is from moving as it is known to: what was there has to be where it went."""

from typing import Any

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn.functional import grid_sample

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import check_clip
from vfmodel.evaluation.video_scores import VideoScores


class WarpingError(VideoScores):
    """Mean squared difference of a frame and the next one, brought back by a known motion.

    E_warp of Lai et al. (2018), with pixels in [0, 1]. Where their motion is estimated by another
    network, and its errors count as well, ours is given: that of a rendered or a shifted clip.
    """

    is_differentiable = False
    higher_is_better = False

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - torchmetrics' own
        """Starts without videos; `options` are those of `torchmetrics.Metric`."""
        super().__init__("warping error", **options)

    def update(
        self,
        frames: UInt8[Tensor, "T 3 H W"],
        prompt: str = "",
        *,
        flow: Float[Tensor, "..."] | None = None,
        visible: Bool[Tensor, "..."] | None = None,
    ) -> None:
        """Takes in one video.

        Args:
            frames: RGB in 0..255.
            prompt: Not looked at.
            flow: [T - 1, 2, H, W]; how far each pixel moves to the next frame, in pixels, to the
                right and downwards.
            visible: [T - 1, H, W]; which pixels the next frame still shows; None is all. What
                leaves the frame is left out anyway.

        Raises:
            InputError: The motion is missing or has another shape, or all of it leaves the frame.
        """
        check_clip(frames)
        pairs, size = len(frames) - 1, tuple(frames.shape[-2:])
        if pairs < 1 or flow is None or flow.shape != (pairs, 2, *size):
            shape = None if flow is None else list(flow.shape)
            raise InputError(f"the motion must be {[pairs, 2, *size]}, got {shape}")
        if visible is not None and visible.shape != (pairs, *size):
            raise InputError(f"what is visible must be {[pairs, *size]}, got {list(visible.shape)}")
        values = frames.to(self.device).float() / 255.0
        back, inside = warp_back(values[1:], flow.to(values))
        counts = inside if visible is None else inside & visible.to(self.device)
        if not counts.any():
            raise InputError("nothing of the video is still in view after its motion")
        errors = (back - values[:-1]).square().mean(dim=1)
        self._add(errors[counts].mean())


def warp_back(
    frames: Float[Tensor, "N C H W"], flow: Float[Tensor, "N 2 H W"]
) -> tuple[Float[Tensor, "N C H W"], Bool[Tensor, "N H W"]]:
    """Looks up, for every pixel, where its motion has brought it.

    Returns:
        The frames moved back, bilinear; and where the motion ends inside the frame.
    """
    height, width = frames.shape[-2:]
    columns = torch.arange(width, device=flow.device) + flow[:, 0]
    rows = torch.arange(height, device=flow.device).unsqueeze(1) + flow[:, 1]
    inside = (columns >= 0) & (columns <= width - 1) & (rows >= 0) & (rows <= height - 1)
    grid = torch.stack([2 * columns + 1 - width, 2 * rows + 1 - height], dim=-1)
    grid = grid / torch.tensor([width, height], device=flow.device)
    return grid_sample(frames, grid, padding_mode="border", align_corners=False), inside
