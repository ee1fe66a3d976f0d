"""Figures that are the mean of a score of each video."""

from typing import Any

import torch
from torch import Tensor

from vfmodel.evaluation.clip_metric import ClipMetric, join_state, need_clips
from vfmodel.evaluation.mean_interval import mean_interval
from vfmodel.evaluation.metric_result import MetricResult


class VideoScores(ClipMetric):
    """The mean over videos, each counting the same whatever its length; `update` adds a score."""

    full_state_update = False
    unit = ""
    scores: list[Tensor]

    def __init__(self, figure: str, **options: Any) -> None:  # noqa: ANN401 - torchmetrics' own
        """Starts without videos.

        Args:
            figure: What the mean is called.
            options: Of `torchmetrics.Metric`.
        """
        super().__init__(**options)
        self.figure = figure
        self.add_state("scores", [], dist_reduce_fx="cat")

    def _add(self, score: float | Tensor) -> None:
        plain = torch.as_tensor(score, dtype=torch.float32, device=self.device)
        self.scores.append(plain.reshape(1))

    def _details(self) -> dict[str, Any]:
        """What the figure depends on and is made of."""
        return {}

    def _measure(self) -> MetricResult:
        scores = join_state(self.scores).double()
        need_clips(len(scores), self.figure)
        low, high = mean_interval(scores) or (None, None)
        return MetricResult(
            name=self.figure,
            value=float(scores.mean()),
            low=low,
            high=high,
            num_samples=len(scores),
            higher_is_better=self.higher_is_better,
            unit=self.unit,
            details=self._details(),
        )
