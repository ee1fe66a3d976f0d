"""FVD: how far the features of generated videos are from those of real ones.

Unterthiner et al. (2018). The figure depends on the network, on how frames are brought to its size,
on their number and rate, and on the number of videos; a result states what is known here of it.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric, check_clip, join_state, need_clips
from vfmodel.evaluation.fit_frames import check_steps, fit_frames
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork
from vfmodel.evaluation.fvd.feature_set import FeatureSet
from vfmodel.evaluation.fvd.frechet import frechet_distance
from vfmodel.evaluation.fvd.moments import merge_moments, moments_of, no_moments, num_seen
from vfmodel.evaluation.fvd.uncertainty import extrapolate, frechet_interval
from vfmodel.evaluation.metric_result import MetricResult


@dataclass(frozen=True, kw_only=True)
class FVDConfig:
    """How frames become features and features a figure."""

    fit: tuple[str, ...] | None = None
    """Steps of `fit_frames` that bring frames to the network's size; None squeezes them to it,
    bilinear and antialiased."""
    num_resamples: int = 200
    """Bootstrap resamples for the interval. 0: no interval and no extrapolation, and moments are
    kept instead of features, so that memory does not grow with the videos."""
    allow_unequal: bool = False
    """Whether the numbers of generated and of real videos may differ, as some protocols have it;
    a figure moves with both."""

    def __post_init__(self) -> None:
        if self.num_resamples < 0:
            raise InputError(f"num_resamples must be at least 0, got {self.num_resamples}")
        check_steps(self.fit or ())


class FVD(ClipMetric):
    """Frechet distance of generated from real videos, by moments that are merged exactly.

    `update(frames, real=True)` takes in a real video, or `real` hands in what was looked at before.
    """

    is_differentiable = False
    higher_is_better = False
    moments: Tensor
    real_moments: Tensor
    features: list[Tensor]
    real_features: list[Tensor]
    num_frames: Tensor

    def __init__(
        self,
        network: FeatureNetwork,
        config: FVDConfig = FVDConfig(),
        real: FeatureSet | None = None,
        **options: Any,  # noqa: ANN401 - torchmetrics' own
    ) -> None:
        """Starts without generated videos.

        Args:
            network: What makes features.
            config: How.
            real: Features of the real videos, from `feature_set` of another such metric.
            options: Of `torchmetrics.Metric`.

        Raises:
            InputError: `real` was made by another network or in another way.
        """
        super().__init__(**options)
        self.network, self.config, self.real = network, config, real
        if real is not None and _without_frames(real.settings) != self._settings():
            raise InputError(
                f"the real videos' features were made with {real.settings}, not {self._settings()}"
            )
        empty = no_moments(network.num_features)
        self.add_state("moments", empty, dist_reduce_fx=merge_moments)
        self.add_state("real_moments", empty.clone(), dist_reduce_fx=merge_moments)
        # One vector after another in one row: a process that saw nothing has an empty row, too.
        self.add_state("features", [], dist_reduce_fx="cat")
        self.add_state("real_features", [], dist_reduce_fx="cat")
        self.add_state("num_frames", torch.zeros(2, dtype=torch.int64), dist_reduce_fx=_range_of)

    def update(
        self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "", *, real: bool = False
    ) -> None:
        """Takes in one video.

        Args:
            frames: RGB in 0..255.
            prompt: Not looked at.
            real: Whether it is a real one.

        Raises:
            InputError: It is too short, does not come to the network's size, or is real where real
                ones were handed in.
        """
        check_clip(frames)
        if real and self.real is not None:
            raise InputError("the features of the real videos are given; there can be no more")
        fitted = fit_frames(frames, self._fit())
        feature = self.network.extract(fitted, self.device)
        length = torch.tensor([len(frames), len(frames)], device=self.device)
        self.num_frames = _range_of(torch.stack([self.num_frames, length]))
        more = moments_of(feature.unsqueeze(0))
        if real:
            self.real_moments = merge_moments(torch.stack([self.real_moments, more]))
        else:
            self.moments = merge_moments(torch.stack([self.moments, more]))
        if self.config.num_resamples:
            (self.real_features if real else self.features).append(feature)

    def feature_set(self, *, real: bool = True) -> FeatureSet:
        """The features that this process has seen, to be handed to another metric or saved.

        Raises:
            InputError: There are none; or none were kept, for want of `num_resamples`.
        """
        features = self._rows(self.real_features if real else self.features)
        need_clips(len(features), f"a set of features ({'real' if real else 'generated'})")
        lengths = self.num_frames.tolist()
        return FeatureSet(features=features, settings={**self._settings(), "num_frames": lengths})

    def compute(self) -> Float[Tensor, ""]:
        """The bare figure, without the work that its interval takes."""
        return torch.tensor(self._value(), device=self.device)

    def _measure(self) -> MetricResult:
        value = self._value()
        low, high, endless = None, None, None
        if self.config.num_resamples:
            made, real = self._rows(self.features), self._rows(self.real_features)
            if self.real is not None:
                real = self.real.features.to(made.device)
            low, high = frechet_interval(made, real, self.config.num_resamples)
            endless = extrapolate(made, real)
        return MetricResult(
            name=self.network.figure,
            value=value,
            low=low,
            high=high,
            num_samples=num_seen(self.moments),
            higher_is_better=False,
            details={
                **self._settings(),
                "num_real": num_seen(self._real_moments()),
                "num_frames": self.num_frames.tolist(),
                "at_infinite_n": endless,
                "num_resamples": self.config.num_resamples,
                "covariance": "N - 1",
            },
        )

    def _value(self) -> float:
        real = self._real_moments()
        made_count, real_count = num_seen(self.moments), num_seen(real)
        need_clips(made_count, self.network.figure, at_least=2)
        need_clips(real_count, f"{self.network.figure} (real)", at_least=2)
        if made_count != real_count and not self.config.allow_unequal:
            raise InputError(
                f"{self.network.figure} of {made_count} generated and {real_count} real videos:"
                " its bias moves with both numbers; take equally many, or set allow_unequal"
            )
        lengths = self.num_frames.tolist() + (self.real.settings["num_frames"] if self.real else [])
        shortest, longest = min(lengths), max(lengths)
        if shortest != longest:
            raise InputError(
                f"{self.network.figure} of videos of {shortest} to {longest} frames: all need"
                " equally many"
            )
        return frechet_distance(self.moments, real)

    def _real_moments(self) -> Tensor:
        if self.real is None:
            return self.real_moments
        return moments_of(self.real.features).to(self.real_moments.device)

    def _rows(self, features: list[Tensor] | Tensor) -> Float[Tensor, "N D"]:
        return join_state(features).reshape(-1, self.network.num_features)

    def _fit(self) -> tuple[str, ...]:
        if self.config.fit is not None:
            return self.config.fit
        return (f"resize {self.network.height}x{self.network.width} bilinear antialias",)

    def _settings(self) -> dict[str, Any]:
        return {**self.network.describe(), "fit": list(self._fit())}


def _without_frames(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "num_frames"}


def _range_of(ranges: Tensor) -> Tensor:
    """Least and most frames over several ranges; [0, 0] is the range of nothing."""
    seen = ranges[ranges[:, 1] > 0]
    return torch.stack([seen[:, 0].min(), seen[:, 1].max()]) if len(seen) else ranges[0]
