"""The averaged weights against the closed form of an exponential moving average."""

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from hdvg.errors import InputError
from vfmodel.ema import EMA


class Counter(LightningModule):
    """Its only weight is 1, 2, 3, ... after each step: SGD with a constant gradient of -1."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        return -self.weight.sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


@pytest.mark.parametrize(("decay", "steps"), [(0.9, 40), (0.15, 6), (0.0, 3)])
def test_the_average_follows_the_closed_form(tmp_path, decay, steps):
    ema, model = EMA(decay), Counter()
    trainer = Trainer(
        max_steps=steps,
        accelerator="cpu",
        logger=False,
        callbacks=[ema],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(model, torch.utils.data.DataLoader(torch.zeros(steps, 1)))
    decays = [min(decay, (1 + n) / (10 + n)) for n in range(1, steps)]
    want = 1.0  # the first update copies
    for value, keep in zip(range(2, steps + 1), decays, strict=True):
        want = keep * want + (1 - keep) * value
    assert ema.average()["weight"].item() == pytest.approx(want, rel=1e-5)
    # The trained weight itself stays, so that the run can go on.
    assert model.weight.item() == steps


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_outside_0_to_1_is_named(decay):
    with pytest.raises(InputError, match=str(decay)):
        EMA(decay)
