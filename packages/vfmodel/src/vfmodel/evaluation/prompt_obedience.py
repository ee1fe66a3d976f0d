"""Prompt accuracy as a metric: the share of videos in which all is as the prompt asks."""

from dataclasses import asdict
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric, check_clip, need_clips
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.prompt_accuracy import JUDGED, judge, wilson
from vfmodel.evaluation.read_prompt import read_prompt
from vfmodel.evaluation.shapes_tracker import track

_GROUPS = ("seen", "unseen")


class PromptObedience(ClipMetric):
    """Counts, by the tracker of rendered shapes, what came out as asked.

    The figure is the share with everything right; `details` has every attribute's share, also
    apart for combinations that training saw and those held out of it.
    """

    is_differentiable = False
    higher_is_better = True
    hits: Tensor
    counts: Tensor

    def __init__(self, fps: float, **options: Any) -> None:  # noqa: ANN401 - torchmetrics' own
        """Starts without videos.

        Args:
            fps: Frames per second of the videos.
            options: Of `torchmetrics.Metric`.

        Raises:
            InputError: `fps` is not positive.
        """
        super().__init__(**options)
        if fps <= 0:
            raise InputError(f"fps must be positive, got {fps}")
        self.fps = fps
        for name in ("hits", "counts"):
            empty = torch.zeros(len(_GROUPS), len(JUDGED), dtype=torch.int64)
            self.add_state(name, empty, dist_reduce_fx="sum")

    def update(self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "") -> None:
        """Takes in one video.

        Args:
            frames: RGB in 0..255.
            prompt: A sentence of the corpus with one object.

        Raises:
            InputError: The prompt is another one.
        """
        check_clip(frames)
        asked = read_prompt(prompt)
        verdict = judge(asked, track(frames.float() / 255.0, self.fps))
        right = [verdict.get(name, False) for name in JUDGED]
        there = [name in verdict for name in JUDGED]
        group = torch.tensor([not asked.unseen, asked.unseen], device=self.device).long()
        # Not in place: a state made in inference mode could not be changed outside it.
        self.hits = self.hits + torch.outer(group, torch.tensor(right, device=self.device).long())
        self.counts = self.counts + torch.outer(
            group, torch.tensor(there, device=self.device).long()
        )

    def _measure(self) -> MetricResult:
        total = int(self.counts[:, JUDGED.index("everything")].sum())
        need_clips(total, "prompt accuracy")
        groups = {name: (self.hits[i], self.counts[i]) for i, name in enumerate(_GROUPS)}
        groups["all"] = self.hits.sum(dim=0), self.counts.sum(dim=0)
        shares = {name: _shares(*group) for name, group in groups.items() if group[1].any()}
        whole = shares["all"]["everything"]
        return MetricResult(
            name="prompt accuracy",
            value=whole["share"],
            low=whole["low"],
            high=whole["high"],
            num_samples=total,
            higher_is_better=True,
            details={"fps": self.fps, "interval": "Wilson", "shares": shares},
        )


def _shares(hits: Tensor, counts: Tensor) -> dict[str, dict[str, Any]]:
    found = {
        name: wilson(right, count)
        for name, right, count in zip(JUDGED, hits.tolist(), counts.tolist(), strict=True)
        if count
    }
    return {name: {**asdict(share), "share": share.share} for name, share in found.items()}
