"""The exponential moving average of weights of which each process holds a part."""

from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict

from vfmodel.ema import EMA
from vfmodel.shard_unet import gather_like, local_part


class ShardedEMA(EMA):
    """Averages this process's parts; what is saved and exported is gathered from all.

    Checkpoints are laid out as those of `EMA`, so that a run may be gone on with either.
    """

    def __init__(self, decay: float = 0.999) -> None:
        super().__init__(decay)
        self._module: LightningModule | None = None
        self._parts: list[Tensor] = []
        self._num_averaged = 0

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Waits: the weights are sharded later."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts from the weights as they are."""
        self._module = pl_module
        self._take()

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,  # noqa: ANN401
        batch: Any,  # noqa: ANN401
        batch_idx: int,
    ) -> None:
        """Updates the average after every optimiser step."""
        if trainer.global_step <= self._latest_update_step:
            return
        if self._num_averaged:
            self._blend(self._parts, self._current(), self._num_averaged)
        else:
            self._take()
        self._num_averaged += 1
        self._latest_update_step = trainer.global_step

    def average(self) -> dict[str, Tensor]:
        """The averaged weights, gathered to every process's memory; all have to ask for them."""
        assert self._module is not None
        named = zip(self._module.named_parameters(), self._parts, strict=True)
        return {name: gather_like(part, weight).cpu() for (name, weight), part in named}

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Puts the average where `EMA` puts it."""
        checkpoint["current_model_state"] = checkpoint["state_dict"]
        checkpoint["state_dict"] = self.average()
        checkpoint["averaging_state"] = {"n_averaged": torch.tensor(self._num_averaged)}

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Takes the average and the weights apart again.

        The strategy has loaded "state_dict", which is the average, into the module.
        """
        self._take()
        self._num_averaged = int(checkpoint["averaging_state"]["n_averaged"])
        whole = StateDictOptions(full_state_dict=True)
        set_model_state_dict(pl_module, checkpoint["current_model_state"], options=whole)

    def _take(self) -> None:
        self._parts = [part.clone() for part in self._current()]

    def _current(self) -> list[Tensor]:
        assert self._module is not None
        return [local_part(weight.detach()) for weight in self._module.parameters()]
