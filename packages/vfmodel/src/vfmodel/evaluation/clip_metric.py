"""The one interface of every metric: clips go in one by one, a figure comes out.

Each is a torchmetrics Metric. So it can be logged by Lightning, merged with what another process or
another day saw (`merge_state`), and is the same on one process or many.
"""

import abc
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.data import dim_zero_cat

from hdvg.errors import InputError
from vfmodel.evaluation.metric_result import MetricResult


class ClipMetric(Metric, abc.ABC):
    """Judges clips: `update` once for each, `result` at the end.

    Example:
        >>> metric = ClipSim(load_clip())  # doctest: +SKIP
        >>> for frames, prompt in videos:  # doctest: +SKIP
        ...     metric.update(frames, prompt)
        >>> metric.result().to_json()  # doctest: +SKIP
    """

    full_state_update = False

    @abc.abstractmethod
    def update(self, frames: UInt8[Tensor, "T 3 H W"], prompt: str = "") -> None:
        """Takes in one clip.

        Args:
            frames: RGB in 0..255.
            prompt: What it was made for; metrics that judge pixels alone ignore it.
        """

    @abc.abstractmethod
    def _measure(self) -> MetricResult:
        """The result of the clips in this state; called with the state of all processes."""

    def result(self) -> MetricResult:
        """The figure with its interval, over the clips of all processes.

        Every process has to call it, as with `compute`.

        Raises:
            InputError: There were no clips, or too few.
        """
        self.sync(dist_sync_fn=self.dist_sync_fn)
        try:
            return self._measure()
        finally:
            if self._is_synced:
                self.unsync()

    def compute(self) -> Float[Tensor, ""]:
        """The bare figure, as Lightning's `log` takes it."""
        return torch.tensor(self._measure().value, device=self.device)


def check_clip(frames: object) -> None:
    """Refuses what is no clip of `T 3 H W` bytes, above all another order of its axes.

    Raises:
        InputError: Another type, shape or dtype.
    """
    if not isinstance(frames, Tensor):
        raise InputError(f"a clip must be a tensor, got {type(frames).__name__}")
    if frames.dtype != torch.uint8:
        raise InputError(f"a clip must hold bytes (uint8), got {frames.dtype}")
    if frames.ndim != 4 or frames.shape[1] != 3 or not frames.numel():
        raise InputError(f"a clip must be [T, 3, H, W], got {list(frames.shape)}")


def need_clips(count: int, metric: str, at_least: int = 1) -> None:
    """Refuses to judge too few clips.

    Raises:
        InputError: There are fewer than `at_least`.
    """
    if count < at_least:
        raise InputError(f"{metric} needs at least {at_least} videos, got {count}")


def join_state(state: list[Tensor] | Tensor) -> Float[Tensor, "N"]:
    """A state of flat tensors as one: a list while a process is alone, a tensor where all met."""
    return dim_zero_cat(state) if len(state) else torch.empty(0)


def settings_of(config: Any) -> dict[str, Any]:  # noqa: ANN401 - any config dataclass
    """A config's fields, for a result's details."""
    return {name: getattr(config, name) for name in config.__dataclass_fields__}
