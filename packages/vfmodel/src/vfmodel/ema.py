"""The exponential moving average of the weights, which is what gets exported."""

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from hdvg.errors import InputError


class _Average(AveragedModel):
    """An average that looks parameters up once; in every step that would double its cost."""

    _pairs: tuple[list[Tensor], list[Tensor]] | None = None

    @torch.no_grad()
    def update_parameters(self, model: nn.Module) -> None:
        """Moves the average towards the parameters of `model`, the same module every time.

        Buffers are left as they were copied at first; a training's never change.
        """
        if self.n_averaged == 0:
            super().update_parameters(model)
            return
        if self._pairs is None:
            self._pairs = list(self.module.parameters()), list(model.parameters())
        assert self.multi_avg_fn is not None
        self.multi_avg_fn(*self._pairs, self.n_averaged)
        self.n_averaged += 1


class EMA(WeightAveraging):
    """Averages the trained weights after every optimiser step.

    The decay warms up as min(decay, (1 + n) / (10 + n)) after n updates, so that short runs are not
    held back by their first weights; chosen here, as TensorFlow's ExponentialMovingAverage has it.

    A checkpoint holds the average as `state_dict` and the weights themselves as
    `current_model_state`, as Lightning lays them out.
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0.0 <= decay < 1.0:
            raise InputError(f"EMA decay must be in [0, 1), got {decay}")
        self.decay = decay
        super().__init__()

    def decay_at(self, num_updates: int) -> float:
        """The decay that follows `num_updates` updates."""
        return min(self.decay, (1 + num_updates) / (10 + num_updates))

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Copies the module; Lightning's own would warn that it cannot if weights are sharded.

        Where they are, `ShardedEMA` averages them.
        """
        if stage == "fit":
            self._average_model = _Average(
                pl_module, pl_module.device, use_buffers=False, multi_avg_fn=self._blend
            )

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Leaves the trained weights in place, so that a run can go on exactly where it stopped."""

    def averaged_module(self) -> LightningModule:
        """A copy of the LightningModule that has the averaged weights, on the same device."""
        assert self._average_model is not None
        module = self._average_model.module
        assert isinstance(module, LightningModule)
        return module

    def average(self) -> dict[str, Tensor]:
        """The averaged weights by parameter name, as the LightningModule calls them."""
        return dict(self.averaged_module().state_dict())

    def _blend(
        self,
        averages: tuple[Tensor, ...] | list[Tensor],
        currents: tuple[Tensor, ...] | list[Tensor],
        num_averaged: Tensor | int,
    ) -> None:
        share = 1.0 - self.decay_at(int(num_averaged))
        torch._foreach_lerp_(averages, currents, share)
