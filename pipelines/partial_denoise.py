"""Latents noised a little and denoised again by a video model: the errors that diffusion makes.

Source: Meng et al., "SDEdit" (arXiv:2108.01073), whose noising and denoising serves here to
degrade. SimpleGVR (arXiv:2506.19838) makes pairs for an upscaler of generated video in this way.
Shape letters used in this file: N frames, C latent channels, h w latent cells.
"""

import hashlib

import torch
from jaxtyping import Float
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.text_encoder import PromptEncoder


class PartialDenoise:
    """Each frame a clip of its own, without a prompt; equal latents always give equal results."""

    def __init__(self, pipeline: VideoFactoryPipeline, strength: float, steps: int = 3) -> None:
        """Takes the model's parts.

        Args:
            pipeline: The video model.
            strength: Share of all noise that the way back begins at, above 0 and up to 1.
            steps: Of the sampler, on that way.

        Raises:
            InputError: Not so.
        """
        if not 0 < strength <= 1:
            raise InputError(f"strength must lie above 0 and at most at 1, got {strength}")
        if steps < 1:
            raise InputError(f"steps must be at least 1, got {steps}")
        self.unet, self.scheduler = pipeline.unet, pipeline.scheduler
        self.text = PromptEncoder(pipeline.tokenizer, pipeline.text_encoder).encode([""])
        self.steps, self.of_all = steps, max(steps, round(steps / strength))

    @torch.no_grad()
    def __call__(self, latents: Float[Tensor, "N C 1 h w"]) -> Float[Tensor, "N C 1 h w"]:
        """The latents as the model would have made them."""
        self.scheduler.set_timesteps(self.of_all, device=latents.device)
        timesteps = self.scheduler.timesteps[-self.steps :]
        noise = torch.stack([_noise_for(clip) for clip in latents])
        noisy = self.scheduler.add_noise(latents, noise, timesteps[:1])
        text = self.text.to(latents).expand(len(latents), -1, -1)
        for timestep in timesteps:
            scaled = self.scheduler.scale_model_input(noisy, timestep)
            predicted = self.unet(scaled, timestep, text).sample
            noisy = self.scheduler.step(predicted, timestep, noisy, return_dict=False)[0]
        return noisy


def _noise_for(clip: Float[Tensor, "C 1 h w"]) -> Float[Tensor, "C 1 h w"]:
    """Drawn by a seed that the latents themselves decide: no state, and no two frames alike."""
    digest = hashlib.sha256(clip.float().cpu().contiguous().numpy().tobytes()).hexdigest()
    generator = torch.Generator().manual_seed(int(digest[:15], 16))
    return torch.randn(clip.shape, generator=generator).to(clip)
