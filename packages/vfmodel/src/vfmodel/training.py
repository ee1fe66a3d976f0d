"""`VideoDiffusion`: what one training step does, as a LightningModule.

Every random number of a step is a function of (seed, step, the clip's seat in the joint batch of
all processes and accumulated parts): see `step_draws.py`.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.batch_order import Team
from vfmodel.heap import keep_freed_memory
from vfmodel.initialise import build_unet
from vfmodel.latent_clips import to_pixels
from vfmodel.objective import (
    ObjectiveConfig,
    add_noise,
    build_scheduler,
    denoising_loss,
    loss_weights,
    target,
)
from vfmodel.pretrained import STAND_IN_PIPELINE
from vfmodel.shard_unet import is_sharded, shard_unet
from vfmodel.step_draws import StepDraws
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
        """The denoising loss of one batch of `ClipDataModule`.

        Raises:
            InputError: The run has diverged; names the step and the clips.
        """
        latents = self.latents_of(batch)
        draws = self.step_draws(len(latents), batch_idx)
        text = self.text_of(batch["caption"], draws.dropped_captions(self.caption_dropout))
        noise = draws.noise(latents.shape, self.objective).to(latents)
        timesteps = draws.timesteps(self.objective).to(self.device)
        alpha_bar = self.alphas_cumprod[timesteps]
        noisy = add_noise(latents, noise, alpha_bar)
        # A clip of one frame is an image: it teaches nothing about motion.
        still = latents.shape[2] == 1
        fps = batch["fps"].to(latents)
        predicted = self.unet(noisy, timesteps, text, still=still, fps=fps).sample
        wanted = target(self.objective.prediction, latents, noise, alpha_bar)
        loss = denoising_loss(predicted, wanted, loss_weights(self.objective, alpha_bar))
        if not torch.isfinite(loss):
            raise InputError(
                f"the loss is {loss.item()} at step {self.global_step}, in the clips"
                f" {', '.join(batch['clip_id'])}; go on from the last checkpoint with a lower"
                " optimiser.lr, or with trainer.gradient_clip_val"
            )
        self.log("train/loss", loss, prog_bar=True)
        return loss + self._resting_term(still)

    def configure_model(self) -> None:
        """Shards the U-Net, if the trainer's strategy is to share it between processes."""
        if self.device_mesh is not None and not is_sharded(self.unet):
            shard_unet(self.unet, self.device_mesh)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Gives resting parameters a gradient of zero, which they have in the unsharded graph."""
        if is_sharded(self.unet):
            for parameter in self.unet.parameters():
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)

    def on_fit_start(self) -> None:
        """Moves the frozen parts, which Lightning does not see, to the trainer's device."""
        if self.device.type == "cpu":
            keep_freed_memory()
        self.autoencoder.to(self.device)
        self.text_encoder.to(self.device)

    def on_train_batch_start(self, batch: Batch, batch_idx: int) -> None:
        """Switches from the phase of addition to that of Swap-CA."""
        self.unet.enable_swap(self.global_step >= self.swap_start_step)

    def step_draws(self, batch_size: int, batch_idx: int) -> StepDraws:
        """The only source of randomness of a step."""
        trainer = self.trainer
        team = Team(
            rank=trainer.global_rank,
            world_size=trainer.world_size,
            accumulate=trainer.accumulate_grad_batches,
        )
        return StepDraws(
            seed=self.seed,
            step=self.global_step,
            joint_size=team.joint_size(batch_size),
            seats=team.seats(batch_size, batch_idx % team.accumulate),
        )

    def latents_of(self, batch: Batch) -> Float[Tensor, "B C T h w"]:
        """The batch's latents: as they are, or encoded from its frames."""
        if "latents" in batch:
            latents: Tensor = batch["latents"]
            return latents
        return self.autoencoder.encode(to_pixels(batch["video"]))

    def text_of(self, captions: list[str], dropped: Bool[Tensor, " B"]) -> Float[Tensor, "B L D"]:
        """Encoded captions, those that are dropped replaced by the null prompt."""
        pairs = zip(captions, dropped.tolist(), strict=True)
        prompts = ["" if drop else text for text, drop in pairs]
        return self.text_encoder.encode(prompts)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW over the U-Net, its learning rate set at every step."""
        config = self.optimiser
        optimiser = torch.optim.AdamW(
            self.unet.parameters(),
            lr=config.lr,
            betas=config.betas,
            weight_decay=config.weight_decay,
            # 650 small tensors: a fused step takes a quarter of the loop's time on a CPU.
            fused=True,
        )
        # Lightning takes a fused optimiser for one that unscales gradients by itself, and refuses
        # to clip them. Where gradients are scaled at all, the precision plugin unscales them.
        optimiser._step_supports_amp_scaling = False
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

    def _resting_term(self, still: bool) -> Float[Tensor, ""] | float:
        """Zero, from every parameter that the forward pass made no use of.

        All parameters stay in the graph of every step, as DistributedDataParallel wants them.
        Where they are sharded, nobody holds them while they rest.
        """
        if is_sharded(self.unet):
            return 0.0
        resting = self.unet.resting_parameters(still)
        if not resting:
            return 0.0
        return 0.0 * torch.stack([parameter.sum() for parameter in resting]).sum()
