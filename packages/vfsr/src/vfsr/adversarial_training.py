"""The second stage: L1, a perceptual loss and a vanilla GAN, from the first stage's average.

Source: arXiv:2305.10874, section 3.4 ("a vanilla GAN"); weights of the losses and Adam's settings
are Real-ESRGAN's (arXiv:2107.10833, section 4.1).

Shape letters used in this file: N crops, H W pixels.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from jaxtyping import Float
from lightning.pytorch.core.optimizer import LightningOptimizer
from lightning.pytorch.strategies import DDPStrategy
from torch import Tensor
from torch.nn import Parameter
from torch.optim import Optimizer

from hdvg.errors import InputError
from vfsr.data import Pairs
from vfsr.discriminator import Discriminator, feature_distance
from vfsr.rcan import RCANConfig
from vfsr.training import UpscalerTraining, as_floats

Perceptual = Callable[[Tensor, Tensor], Tensor]
"""How far two batches of frames in [0, 1] look apart: a scalar."""


class AdversarialTraining(UpscalerTraining):
    """Two players: the network, and a discriminator that exists in training only.

    A step counts once for the trainer although both players move, so that data, averaging and
    checkpoints go by the same numbers as in the first stage.
    """

    def __init__(
        self,
        *,
        rcan: RCANConfig = RCANConfig(),
        init_from: str = "default",
        learning_rate: float = 1e-4,
        perceptual_weight: float = 1.0,
        adversarial_weight: float = 0.1,
        clip_norm: float = 1.0,
        discriminator_channels: int = 32,
    ) -> None:
        """Builds both players.

        Args:
            rcan: Size of the network, that of the model it starts from.
            init_from: Model folder that the first stage wrote, which holds its averaged weights;
                "default" is the one that ships with vfsr.
            learning_rate: Adam's rate of both players.
            perceptual_weight: Weight of the perceptual loss; L1 has 1.
            adversarial_weight: Weight of the loss for being found out.
            clip_norm: Largest norm of each player's gradient.
            discriminator_channels: Width of the discriminator at full size.
        """
        super().__init__(rcan=rcan, learning_rate=learning_rate, init_from=init_from)
        for name, value in (
            ("perceptual_weight", perceptual_weight),
            ("adversarial_weight", adversarial_weight),
        ):
            if value < 0:
                raise InputError(f"{name} must be at least 0, got {value}")
        if clip_norm <= 0 or discriminator_channels < 1:
            raise InputError(
                "clip_norm and discriminator_channels must be above 0, "
                f"got {clip_norm} and {discriminator_channels}"
            )
        self.automatic_optimization = False
        self.perceptual_weight, self.adversarial_weight = perceptual_weight, adversarial_weight
        self.clip_norm = clip_norm
        self.discriminator = Discriminator(discriminator_channels)
        # Another module may take its place, such as one with the weights of a classifier.
        self.perceptual: Perceptual | None = None

    def setup(self, stage: str) -> None:
        """Tells several processes that a player who rests has no gradient to wait for.

        Without that they stop at the second player's first step. Lightning offers it by the name of
        another strategy only, which a config would have to know.
        """
        strategy = self.trainer.strategy
        if isinstance(strategy, DDPStrategy):
            strategy._ddp_kwargs["find_unused_parameters"] = True

    def training_step(self, batch: Pairs, batch_idx: int) -> None:  # type: ignore[override]
        """The network moves, then the discriminator; nothing is left for Lightning to do."""
        lr, hr = as_floats(batch)
        optimisers = self.optimizers()
        assert isinstance(optimisers, list)
        mine, other = optimisers
        result = self.model(lr).float()
        with _resting(self.discriminator):
            losses = self.generator_losses(result, hr)
            loss = losses["l1"] + self.perceptual_weight * losses["perceptual"]
            loss = loss + self.adversarial_weight * losses["adversarial"]
            self._move(mine, loss, list(self.model.parameters()))
        losses["discriminator"] = self.discriminator_loss(result.detach(), hr)
        # The bare optimiser, which the trainer does not count.
        own = list(self.discriminator.parameters())
        self._move(other.optimizer, losses["discriminator"], own)
        self.log_dict({f"train/{name}": value.detach() for name, value in losses.items()})

    def generator_losses(
        self, result: Float[Tensor, "N 3 H W"], truth: Float[Tensor, "N 3 H W"]
    ) -> dict[str, Tensor]:
        """What the network is told, each without its weight."""
        if self.perceptual is None:
            perceptual = feature_distance(self.discriminator, result, truth)
        else:
            perceptual = self.perceptual(result, truth)
        return {
            "l1": F.l1_loss(result, truth),
            "perceptual": perceptual,
            "adversarial": F.softplus(-self.discriminator(result)).mean(),
        }

    def discriminator_loss(
        self, made: Float[Tensor, "N 3 H W"], truth: Float[Tensor, "N 3 H W"]
    ) -> Tensor:
        """Binary cross-entropy over both kinds, seen in one batch."""
        logits = self.discriminator(torch.cat([truth, made]))
        clean, found_out = logits.chunk(2)
        return F.softplus(-clean).mean() + F.softplus(found_out).mean()

    def configure_optimizers(self) -> list[Optimizer]:
        """Adam for each player, at a steady rate."""
        return [
            torch.optim.Adam(player.parameters(), lr=self.learning_rate, betas=(0.9, 0.99))
            for player in (self.model, self.discriminator)
        ]

    def _move(
        self, optimiser: Optimizer | LightningOptimizer, loss: Tensor, parameters: list[Parameter]
    ) -> None:
        optimiser.zero_grad()
        self.manual_backward(loss)
        torch.nn.utils.clip_grad_norm_(parameters, self.clip_norm)
        optimiser.step()


@contextmanager
def _resting(player: torch.nn.Module) -> Iterator[None]:
    """Lets gradients through a player and leaves everything of it as it is, buffers included."""
    was_training = player.training
    player.eval().requires_grad_(False)
    try:
        yield
    finally:
        player.train(was_training).requires_grad_(True)
