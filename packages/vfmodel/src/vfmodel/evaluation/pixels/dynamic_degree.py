"""How many of the videos really move: a model of still pictures has the best flicker of all."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric, check_clip, join_state, need_clips
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.prompt_accuracy import wilson

# The fastest part of a frame, which is what is looked at: VBench's (Huang et al. 2024).
_FASTEST = 0.05


@dataclass(frozen=True, kw_only=True)
class DynamicDegreeConfig:
    """When a video counts as moving."""

    fps: float = 8.0
    """Frames per second of the videos; VBench looks at all of them at 8."""
    dynamic_from: float = 0.1875
    """Speed in frame heights a second: VBench's 6 pixels a frame at 256 and 8 frames a second."""
    dynamic_share: float = 0.25
    """Part of the pairs of frames that have to be as fast; VBench's 4 of 16."""

    def __post_init__(self) -> None:
        if self.fps <= 0 or self.dynamic_from <= 0 or not 0 < self.dynamic_share <= 1:
            raise InputError(
                "fps and dynamic_from must be positive and dynamic_share in (0, 1], got"
                f" {self.fps}, {self.dynamic_from} and {self.dynamic_share}"
            )


class DynamicDegree(ClipMetric):
    """Share of videos in which something moves, after VBench's dynamic degree.

    Motion is OpenCV's dense inverse search instead of RAFT, whose weights would have to be
    downloaded; shares are therefore not those of VBench's table.
    """

    is_differentiable = False
    higher_is_better = None
    speeds: list[Tensor]
    moving: list[Tensor]

    def __init__(
        self,
        config: DynamicDegreeConfig = DynamicDegreeConfig(),
        **options: Any,  # noqa: ANN401 - torchmetrics' own
    ) -> None:
        """Starts without videos; `options` are those of `torchmetrics.Metric`."""
        super().__init__(**options)
        self.config = config
        self.add_state("speeds", [], dist_reduce_fx="cat")
        self.add_state("moving", [], dist_reduce_fx="cat")

    def update(self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "") -> None:
        """Takes in one video of two frames at least.

        Args:
            frames: RGB in 0..255.
            prompt: Not looked at.

        Raises:
            InputError: It has fewer.
        """
        check_clip(frames)
        if len(frames) < 2:
            raise InputError(f"dynamic degree needs at least 2 frames, got {len(frames)}")
        speeds = fastest_speeds(frames) * self.config.fps
        fast = (speeds >= self.config.dynamic_from).float().mean()
        self.speeds.append(speeds.mean().reshape(1).to(self.device))
        self.moving.append((fast >= self.config.dynamic_share).float().reshape(1).to(self.device))

    def _measure(self) -> MetricResult:
        moving = join_state(self.moving)
        need_clips(len(moving), "dynamic degree")
        share = wilson(round(float(moving.sum())), len(moving))
        return MetricResult(
            name="dynamic degree",
            value=share.share,
            low=share.low,
            high=share.high,
            num_samples=len(moving),
            higher_is_better=None,
            details={
                "mean_speed": float(join_state(self.speeds).double().mean()),
                "mean_speed_unit": "frame heights a second, fastest 5 % of pixels",
                "fps": self.config.fps,
                "dynamic_from": self.config.dynamic_from,
                "dynamic_share": self.config.dynamic_share,
                "flow": f"OpenCV {cv2.__version__} DIS",
            },
        )


def fastest_speeds(frames: UInt8[Tensor, "T 3 H W"]) -> Float[Tensor, "T-1"]:
    """Mean speed of each frame's fastest pixels, in frame heights a frame."""
    grey = [
        cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY)
        for frame in frames.cpu().permute(0, 2, 3, 1).numpy()
    ]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    speeds = []
    for before, after in pairwise(grey):
        flow = search.calc(before, after, None)
        lengths = np.sort(np.hypot(flow[..., 0], flow[..., 1]), axis=None)
        speeds.append(float(lengths[-max(1, round(_FASTEST * lengths.size)) :].mean()))
    return torch.tensor(speeds) / len(grey[0])
