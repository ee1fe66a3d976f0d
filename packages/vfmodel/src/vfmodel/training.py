"""`VideoDiffusion`: what one training step does, as a LightningModule.

Every random number of a step comes from one generator seeded by (seed, step, rank), so a resumed
run draws what an uninterrupted one would have drawn.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.initialise import build_unet
from vfmodel.latent_clips import to_pixels
from vfmodel.objective import (
    ObjectiveConfig,
    add_noise,
    build_scheduler,
    denoising_loss,
    draw_noise,
    loss_weights,
    sample_timesteps,
    target,
)
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.swap_attention import SwapCrossAttention
from vfmodel.text_encoder import PromptEncoder
from vfmodel.unet_config import SwapUNetConfig

Batch = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """AdamW and its learning rate over time."""

    lr: float = 1e-4
    """Peak learning rate."""
    warmup_steps: int = 100
    """Steps over which the learning rate rises linearly from zero."""
    total_steps: int | None = None
    """Where a half cosine has brought the learning rate to zero; None keeps it constant."""
    weight_decay: float = 0.01
    """Decoupled weight decay."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Decay of the two moments."""

    def __post_init__(self) -> None:
        if self.lr <= 0:
            raise InputError(f"lr must be positive, got {self.lr}")
        if self.warmup_steps < 0:
            raise InputError(f"warmup_steps must be >= 0, got {self.warmup_steps}")
        if self.total_steps is not None and self.total_steps <= self.warmup_steps:
            raise InputError(
                f"total_steps {self.total_steps} must exceed warmup_steps {self.warmup_steps}"
            )

    def factor(self, step: int) -> float:
        """Learning rate at a step >= 0, as a share of `lr`."""
        if step < self.warmup_steps:
            return (step + 1) / self.warmup_steps
        if self.total_steps is None:
            return 1.0
        progress = (step - self.warmup_steps) / (self.total_steps - self.warmup_steps)
        return 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))


torch.serialization.add_safe_globals([OptimiserConfig])


class VideoDiffusion(LightningModule):
    """Trains a SwapUNet to denoise the latents of captioned clips.

    Only the U-Net is a submodule; the autoencoder and the text encoder are frozen and stay out of
    parameters, checkpoints and averages.
    """

    def __init__(
        self,
        unet: SwapUNetConfig | None = None,
        init_from: str | None = None,
        base: str = STAND_IN_PIPELINE,
        objective: ObjectiveConfig = ObjectiveConfig(),
        optimiser: OptimiserConfig = OptimiserConfig(),
        caption_dropout: float = 0.1,
        swap_start_step: int = 0,
        seed: int = 0,
    ) -> None:
        """Loads the frozen parts and builds the U-Net.

        Args:
            unet: Sizes of the U-Net; null takes those of `init_from`, or else the mini model's.
            init_from: Model folder or hub id whose U-Net training starts from (`shipped` names the
                model that comes with the package): a video U-Net of the same sizes, or an image
                U-Net, which is inflated. null starts from random weights.
            base: Folder or hub id with the frozen parts: vae, text_encoder, tokenizer.
            objective: Noise schedule and prediction target.
            optimiser: Optimiser and learning rate.
            caption_dropout: Share of clips trained with the null prompt, for guidance.
            swap_start_step: Until this step the two streams are added; from it on Swap-CA joins
                them.
            seed: Seeds the weights and all noise.
        """
        super().__init__()
        if not 0.0 <= caption_dropout <= 1.0:
            raise InputError(f"caption_dropout must be in [0, 1], got {caption_dropout}")
        if swap_start_step < 0:
            raise InputError(f"swap_start_step must be >= 0, got {swap_start_step}")
        self.base = base
        self.autoencoder = VideoAutoencoder.from_pretrained(base)
        self.text_encoder = PromptEncoder.from_pretrained(base)
        self.unet = build_unet(unet, init_from, seed)
        self._check_parts_fit()
        self.objective = objective
        self.optimiser = optimiser
        self.caption_dropout = caption_dropout
        self.swap_start_step = swap_start_step
        self.seed = seed
        alphas_cumprod = build_scheduler(objective).alphas_cumprod
        self.alphas_cumprod: Tensor
        self.register_buffer("alphas_cumprod", alphas_cumprod, persistent=False)

    def training_step(self, batch: Batch, batch_idx: int) -> Float[Tensor, ""]:
        """The denoising loss of one batch of `ClipDataModule`."""
        generator = self.step_generator(batch_idx)
        latents = self.latents_of(batch)
        text = self.text_of(batch["caption"], generator)
        noise = draw_noise(latents.shape, self.objective, generator).to(latents)
        timesteps = sample_timesteps(len(latents), self.objective, generator).to(self.device)
        alpha_bar = self.alphas_cumprod[timesteps]
        noisy = add_noise(latents, noise, alpha_bar)
        predicted = self.unet(noisy, timesteps, text).sample
        wanted = target(self.objective.prediction, latents, noise, alpha_bar)
        loss = denoising_loss(predicted, wanted, loss_weights(self.objective, alpha_bar))
        self.log("train/loss", loss, prog_bar=True)
        return loss + self._idle_term()

    def on_fit_start(self) -> None:
        """Moves the frozen parts, which Lightning does not see, to the trainer's device."""
        self.autoencoder.to(self.device)
        self.text_encoder.to(self.device)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Switches from the phase of addition to that of Swap-CA."""
        self.unet.enable_swap(self.global_step >= self.swap_start_step)

    def step_generator(self, batch_idx: int) -> torch.Generator:
        """The only source of randomness of a step, on the CPU so that devices agree."""
        part = batch_idx % self.trainer.accumulate_grad_batches
        words = np.random.SeedSequence([self.seed, self.global_step, part, self.global_rank])
        return torch.Generator().manual_seed(int(words.generate_state(1, np.uint64)[0]))

    def latents_of(self, batch: Batch) -> Float[Tensor, "B C T h w"]:
        """The batch's latents: as they are, or encoded from its frames."""
        if "latents" in batch:
            latents: Tensor = batch["latents"]
            return latents
        return self.autoencoder.encode(to_pixels(batch["video"]))

    def text_of(self, captions: list[str], generator: torch.Generator) -> Float[Tensor, "B L D"]:
        """Encoded captions, some of them replaced by the null prompt."""
        dropped = drop_captions(len(captions), self.caption_dropout, generator).tolist()
        prompts = ["" if drop else text for text, drop in zip(captions, dropped, strict=True)]
        return self.text_encoder.encode(prompts)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW over the U-Net, its learning rate set at every step."""
        config = self.optimiser
        optimiser = torch.optim.AdamW(
            self.unet.parameters(),
            lr=config.lr,
            betas=config.betas,
            weight_decay=config.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: config.factor(step))
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Adds what it takes to rebuild the model from the checkpoint alone."""
        values = {k: v for k, v in self.unet.config.items() if not k.startswith("_")}
        checkpoint["vfmodel"] = {
            "unet": values,
            "objective": asdict(self.objective),
            "base": self.base,
        }

    def _check_parts_fit(self) -> None:
        for name, ours, theirs in (
            ("text_dim", self.unet.config.text_dim, self.text_encoder.width),
            ("in_channels", self.unet.config.in_channels, self.autoencoder.latent_channels),
        ):
            if ours != theirs:
                raise InputError(f"unet.{name} is {ours}, but {self.base} has {theirs}")

    def _idle_term(self) -> Float[Tensor, ""] | float:
        """Zero, from every parameter of a Swap-CA that is switched off.

        All parameters stay in the graph, as DistributedDataParallel wants them, in both phases.
        """
        if self.unet.swap_active:
            return 0.0
        idle = [
            parameter.sum()
            for module in self.unet.modules()
            if isinstance(module, SwapCrossAttention)
            for parameter in module.parameters()
        ]
        return 0.0 * torch.stack(idle).sum()


def drop_captions(count: int, probability: float, generator: torch.Generator) -> Bool[Tensor, " B"]:
    """Which of `count` captions to drop, independently. Source: Ho and Salimans (2022)."""
    return torch.rand(count, generator=generator) < probability
