"""How the upscaler learns: L1 between its frames and the clean ones.

Shape letters used in this file: N crops, h w pixels of the clean crops, H W = h / 4, w / 4.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from hdvg.errors import InputError
from vfsr.consistency import consistency_loss
from vfsr.data import Pairs
from vfsr.rcan import RCAN, RCANConfig
from vfsr.weights import check_shapes, load_rcan

# The rate ends at this share of its peak; chosen here, as a last stretch of small steps is worth
# about 0.1 dB and a rate of exactly 0 would waste the final ones.
_FINAL_RATE = 0.02


class UpscalerTraining(LightningModule):
    """Trains an RCAN with L1 and Adam (arXiv:2305.10874, section 3.4; arXiv:1807.02758, 4.1)."""

    def __init__(
        self,
        *,
        rcan: RCANConfig = RCANConfig(),
        learning_rate: float = 2e-4,
        warmup_steps: int = 50,
        decay_steps: int = 1000,
        init_from: str | None = None,
        consistency_weight: float = 0.0,
    ) -> None:
        """Builds the network.

        Args:
            rcan: Its size.
            learning_rate: Adam's rate at its peak.
            warmup_steps: Steps over which the rate rises to it.
            decay_steps: Step at which the rate has fallen, along a half cosine, to 2 % of it.
            init_from: Model folder or hub id to start from; "default" is the one that ships with
                vfsr. None starts as interpolation.
            consistency_weight: Weight, L1 having 1, of the difference between two views of a
                moving crop, which data.crops.motion_px provides; 0 leaves it out.
        """
        super().__init__()
        if learning_rate <= 0:
            raise InputError(f"learning_rate must be above 0, got {learning_rate}")
        if not 0 <= warmup_steps < decay_steps:
            raise InputError(
                f"warmup_steps {warmup_steps} must be at least 0 and below "
                f"decay_steps {decay_steps}"
            )
        if consistency_weight < 0:
            raise InputError(f"consistency_weight must be at least 0, got {consistency_weight}")
        self.consistency_weight = consistency_weight
        self.learning_rate = learning_rate
        self.warmup_steps, self.decay_steps = warmup_steps, decay_steps
        self.model = RCAN(rcan)
        if init_from is not None:
            source = load_rcan(None if init_from == "default" else init_from).state_dict()
            check_shapes(self.model.state_dict(), source, init_from)
            self.model.load_state_dict(source)

    def training_step(self, batch: Pairs, batch_idx: int) -> Float[Tensor, ""]:
        """Mean absolute error over RGB in [0, 1], and the difference between views if asked."""
        lr, hr = as_floats(batch)
        result = self.model(lr).float()
        loss = F.l1_loss(result, hr)
        if self.consistency_weight:
            if "motion" not in batch:
                raise InputError(
                    f"consistency_weight {self.consistency_weight} needs data.crops.motion_px "
                    "above 0"
                )
            consistency = consistency_loss(result, batch["motion"])
            self.log("train/consistency", consistency)
            loss = loss + self.consistency_weight * consistency
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Pairs, batch_idx: int) -> None:
        """PSNR on videos that are not trained on, beside that of bicubic interpolation."""
        lr, hr = as_floats(batch)
        large = self.model(lr).float().clamp(0, 1)
        bicubic = F.interpolate(lr, size=hr.shape[2:], mode="bicubic").clamp(0, 1)
        size = len(hr)
        self.log("val/psnr", psnr(large, hr), prog_bar=True, batch_size=size, sync_dist=True)
        self.log("val/psnr_bicubic", psnr(bicubic, hr), batch_size=size, sync_dist=True)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Adam; linear warm-up, then a half cosine."""
        optimiser = torch.optim.Adam(self.model.parameters(), lr=self.learning_rate)
        # A plain function: of any other callable the scheduler would put the state in checkpoints.
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: self.rate_at(step))
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def rate_at(self, step: int) -> float:
        """Learning rate at a step, as a share of its peak; a pure function of the step."""
        if step < self.warmup_steps:
            return (step + 1) / (self.warmup_steps + 1)
        done = min(1.0, (step - self.warmup_steps) / (self.decay_steps - self.warmup_steps))
        return _FINAL_RATE + (1 - _FINAL_RATE) * (1 + math.cos(math.pi * done)) / 2

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuses a checkpoint of a network of another shape."""
        check_shapes(self.state_dict(), checkpoint["state_dict"], "the checkpoint")


def as_floats(
    batch: Pairs,
) -> tuple[Float[Tensor, "N 3 H W"], Float[Tensor, "N 3 h w"]]:
    """Low-resolution and clean crops in [0, 1]."""
    return batch["lr"].float() / 255, batch["hr"].float() / 255


def psnr(result: Float[Tensor, "N 3 h w"], truth: Float[Tensor, "N 3 h w"]) -> Float[Tensor, ""]:
    """Peak signal-to-noise ratio in dB over all three channels, mean over the crops."""
    error = (result - truth).square().mean(dim=(1, 2, 3)).clamp(min=1e-10)
    return (-10 * error.log10()).mean()
