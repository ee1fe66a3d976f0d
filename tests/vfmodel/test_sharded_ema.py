"""Averages of parts against averages of the whole; for several processes see chaos."""

from unittest.mock import Mock

import torch
from lightning.pytorch import LightningModule, Trainer

from vfmodel.ema import EMA
from vfmodel.sharded_ema import ShardedEMA


class Weights(LightningModule):
    """Two matrices."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(5, 3)
        self.second = torch.nn.Linear(3, 2, bias=False)


def step(trainer, module, number, *averages):
    trainer.configure_mock(global_step=number)
    with torch.no_grad():
        for weight in module.parameters():
            weight += torch.randn(weight.shape)
    for average in averages:
        # Twice, as gradient accumulation ends two batches at one step.
        for _ in range(2):
            average.on_train_batch_end(trainer, module, None, None, 0)


def test_it_averages_and_saves_as_the_other_does():
    torch.manual_seed(0)
    module, trainer = Weights(), Mock(spec=Trainer)
    plain, sharded = EMA(0.9), ShardedEMA(0.9)
    for average in (plain, sharded):
        average.setup(trainer, module, "fit")
        average.on_fit_start(trainer, module)
    for number in range(1, 8):
        step(trainer, module, number, plain, sharded)
    saved = [{"state_dict": module.state_dict()} for _ in range(2)]
    for average, checkpoint in zip((plain, sharded), saved, strict=True):
        average.on_save_checkpoint(trainer, module, checkpoint)
    assert saved[0].keys() == saved[1].keys()
    for kind in ("state_dict", "current_model_state", "averaging_state"):
        assert saved[0][kind].keys() == saved[1][kind].keys()
        assert all(torch.equal(saved[1][kind][k], v) for k, v in saved[0][kind].items())
    assert plain.state_dict() == sharded.state_dict()


def test_what_was_saved_is_gone_on_with():
    torch.manual_seed(0)
    module, trainer, first = Weights(), Mock(spec=Trainer), ShardedEMA(0.9)
    first.on_fit_start(trainer, module)
    for number in range(1, 4):
        step(trainer, module, number, first)
    checkpoint = {"state_dict": {k: v.clone() for k, v in module.state_dict().items()}}
    first.on_save_checkpoint(trainer, module, checkpoint)

    again, second = Weights(), ShardedEMA(0.9)
    second.on_fit_start(trainer, again)
    again.load_state_dict(checkpoint["state_dict"])  # as the strategy does
    second.on_load_checkpoint(trainer, again, checkpoint)
    second.load_state_dict(first.state_dict())
    for name, value in module.state_dict().items():
        assert torch.equal(again.state_dict()[name], value)
    for one, other in ((module, first), (again, second)):
        torch.manual_seed(7)
        step(trainer, one, 4, other)
    for name, value in first.average().items():
        assert torch.equal(second.average()[name], value)
