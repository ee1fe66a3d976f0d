"""Sampling: a prompt to frames by any of diffusers' schedulers, as a diffusers pipeline.

Shape letters: B clips (prompts times videos for each), C latent channels, T frames, H and W height
and width in pixels, h and w in latent cells, L text tokens, D text width.
"""

import inspect
import logging
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKL, DiffusionPipeline, SchedulerMixin
from diffusers.utils import BaseOutput, is_accelerate_available
from diffusers.utils.torch_utils import randn_tensor
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from hdvg.errors import InputError
from vfmodel.attention import ProjectedText
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.objective import check_sharing, share_noise
from vfmodel.sampling import Sampling, check_prompt
from vfmodel.text_encoder import PromptEncoder
from vfmodel.unet import SwapUNet

logger = logging.getLogger(__name__)


@dataclass
class VideoFactoryOutput(BaseOutput):
    """What the pipeline returns.

    Attributes:
        frames: As `output_type` asks: "pt" a tensor [B, T, 3, H, W], "np" an array [B, T, H, W, 3],
            both RGB in [0, 1]; "latent" the scaled latents [B, C, T, h, w].
    """

    frames: Tensor | np.ndarray[Any, np.dtype[np.float32]]


class VideoFactoryPipeline(DiffusionPipeline):
    """Text to video with a SwapUNet; its folder is a diffusers folder, safetensors only."""

    model_cpu_offload_seq = "text_encoder->unet->vae"
    _callback_tensor_inputs = ("latents", "prompt_embeds")

    def __init__(
        self,
        vae: AutoencoderKL,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        unet: SwapUNet,
        scheduler: SchedulerMixin,
        noise_sharing: float = 0.0,
    ) -> None:
        """Joins the parts.

        Args:
            vae: The autoencoder.
            text_encoder: As wide as the U-Net expects.
            tokenizer: Of the text encoder.
            unet: The network.
            scheduler: Any of diffusers'; what the network was trained for is in its config.
            noise_sharing: `ObjectiveConfig.noise_sharing` of the training. It is kept in
                model_index.json rather than with the scheduler, which people exchange.

        Raises:
            InputError: Parts that do not fit.
        """
        super().__init__()
        check_sharing(noise_sharing)
        for name, ours, theirs in (
            ("text_dim", unet.config.text_dim, text_encoder.config.hidden_size),
            ("in_channels", unet.config.in_channels, vae.config.latent_channels),
        ):
            if ours != theirs:
                raise InputError(f"the U-Net's {name} is {ours}, but its partner's is {theirs}")
        self.register_modules(
            vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler
        )
        self.register_to_config(noise_sharing=noise_sharing)

    @classmethod
    def from_pretrained(
        cls, source: str | os.PathLike[str], **options: object
    ) -> "VideoFactoryPipeline":
        """Loads a model folder, or a hub's, with diffusers' options; in float32 by default."""
        if "torch_dtype" not in options:
            options.setdefault("dtype", torch.float32)
        options.setdefault("use_safetensors", True)
        options.setdefault("low_cpu_mem_usage", is_accelerate_available())
        return super().from_pretrained(source, **options)

    @torch.no_grad()
    def __call__(self, prompt: str | list[str], **options: object) -> Any:  # noqa: ANN401
        """Samples videos; returns a `VideoFactoryOutput`, or a tuple if `return_dict` is off.

        Args:
            prompt: What to show; one text, or one for each video.
            options: The fields of `vfmodel.sampling.Sampling`, by name.

        Raises:
            InputError: An empty prompt, or a size, count or scale that cannot be sampled.
        """
        fields: dict[str, Any] = options
        asked = Sampling(**fields)
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        shape = self._latent_shape(prompts, asked)
        embeds = self._encode(prompts, asked)
        latents = self._start(shape, asked, embeds.dtype)
        latents = self._denoise(latents, embeds, asked)
        frames = self._finish(latents, asked)
        self.maybe_free_model_hooks()
        return VideoFactoryOutput(frames=frames) if asked.return_dict else (frames,)

    def _latent_shape(self, prompts: list[str], asked: Sampling) -> tuple[int, ...]:
        for prompt in prompts:
            check_prompt(prompt)
        if asked.fps is not None and not self.unet.config.fps_conditioning:
            raise InputError(f"the model has one rate, {self.unet.config.fps} fps; got {asked.fps}")
        if not prompts:
            raise InputError("no prompt was given: []")
        if asked.num_inference_steps > self.scheduler.config.num_train_timesteps:
            raise InputError(
                f"num_inference_steps {asked.num_inference_steps} is more than the"
                f" {self.scheduler.config.num_train_timesteps} of training"
            )
        autoencoder, sizes = VideoAutoencoder(self.vae), self.unet.config
        height = asked.height or sizes.sample_height * autoencoder.factor
        width = asked.width or sizes.sample_width * autoencoder.factor
        autoencoder.check_size(height, width)
        return (
            len(prompts) * asked.num_videos_per_prompt,
            sizes.in_channels,
            asked.num_frames or sizes.num_frames,
            height // autoencoder.factor,
            width // autoencoder.factor,
        )

    def _encode(self, prompts: list[str], asked: Sampling) -> Float[Tensor, "B2 L D"]:
        """Tokens of every video's prompt; under guidance those of the negative prompts first."""
        limit = self.tokenizer.model_max_length
        for prompt in prompts:
            tokens = self.tokenizer(prompt, verbose=False).input_ids
            if len(tokens) > limit:
                lost = self.tokenizer.decode(tokens[limit - 1 : -1])[:200]
                logger.warning("the prompt is cut to %d tokens; lost from: %s", limit, lost)
        texts = prompts
        if asked.guides:
            negative = asked.negative_prompt or ""
            negatives = [negative] * len(prompts) if isinstance(negative, str) else negative
            if len(negatives) != len(prompts):
                raise InputError(f"{len(negatives)} negative prompts for {len(prompts)} prompts")
            texts = negatives + prompts
        encoder = PromptEncoder(self.tokenizer, self.text_encoder)
        embeds = encoder.encode(texts).to(self.unet.dtype)
        return embeds.repeat_interleave(asked.num_videos_per_prompt, dim=0)

    def _start(
        self, shape: tuple[int, ...], asked: Sampling, dtype: torch.dtype
    ) -> Float[Tensor, "B C T h w"]:
        device = self._execution_device
        if isinstance(asked.generator, list) and len(asked.generator) != shape[0]:
            raise InputError(f"{len(asked.generator)} generators for {shape[0]} videos")
        if asked.latents is None:
            noise = self._draw_noise(shape, asked, dtype)
        elif asked.latents.shape != shape:
            raise InputError(f"latents must be {shape}, got {tuple(asked.latents.shape)}")
        else:
            noise = asked.latents.to(device, dtype)
        self.scheduler.set_timesteps(asked.num_inference_steps, device=device)
        return noise * self.scheduler.init_noise_sigma

    def _draw_noise(
        self, shape: tuple[int, ...], asked: Sampling, dtype: torch.dtype
    ) -> Float[Tensor, "B C T h w"]:
        """Noise as the network was trained with."""
        given = {"generator": asked.generator, "device": self._execution_device, "dtype": dtype}
        own = randn_tensor(shape, **given)
        if not self.config.noise_sharing:
            return own
        shared = randn_tensor((*shape[:2], 1, *shape[3:]), **given)
        return share_noise(own, shared, self.config.noise_sharing)

    def _denoise(
        self, latents: Float[Tensor, "B C T h w"], embeds: Float[Tensor, "B2 L D"], asked: Sampling
    ) -> Float[Tensor, "B C T h w"]:
        takes_generator = "generator" in inspect.signature(self.scheduler.step).parameters
        extra = {"generator": asked.generator} if takes_generator else {}
        text = self._prepare_text(embeds)
        with self.progress_bar(total=asked.num_inference_steps) as bar:
            for index, timestep in enumerate(self.scheduler.timesteps):
                predicted = self._predict(latents, timestep, text, asked)
                latents = self.scheduler.step(
                    predicted, timestep, latents, **extra, return_dict=False
                )[0]
                if asked.callback_on_step_end is not None:
                    offered = {"latents": latents, "prompt_embeds": embeds}
                    changed = asked.callback_on_step_end(self, index, timestep, offered) or {}
                    latents = changed.get("latents", latents)
                    if changed.get("prompt_embeds", embeds) is not embeds:
                        embeds = changed["prompt_embeds"]
                        text = self._prepare_text(embeds)
                bar.update()
        return latents

    def _prepare_text(
        self, embeds: Float[Tensor, "B2 L D"]
    ) -> Float[Tensor, "B2 L D"] | ProjectedText:
        """Keys and values for all steps at once, or the tokens as they are.

        The weights of an offloaded U-Net come to the device in its forward pass and not before.
        """
        if any(parameter.device != embeds.device for parameter in self.unet.parameters()):
            return embeds
        return self.unet.project_text(embeds)

    def _predict(
        self,
        latents: Float[Tensor, "B C T h w"],
        timestep: Tensor,
        text: Float[Tensor, "B2 L D"] | ProjectedText,
        asked: Sampling,
    ) -> Float[Tensor, "B C T h w"]:
        """The U-Net's prediction, guided: Ho and Salimans (2022), equation (6)."""
        copies = 2 if asked.guides else 1
        scaled = self.scheduler.scale_model_input(torch.cat([latents] * copies), timestep)
        predicted = self.unet(scaled, timestep, text, fps=asked.fps).sample
        if not asked.guides:
            return predicted
        unguided, towards = predicted.chunk(2)
        return unguided + asked.guidance_scale * (towards - unguided)

    def _finish(
        self, latents: Float[Tensor, "B C T h w"], asked: Sampling
    ) -> Tensor | np.ndarray[Any, np.dtype[np.float32]]:
        if asked.output_type == "latent":
            return latents
        autoencoder = VideoAutoencoder(self.vae, asked.decode_chunk_size)
        pixels = autoencoder.decode(latents.to(self.vae.dtype)).transpose(1, 2)
        if asked.output_type == "pt":
            return pixels
        frames: np.ndarray[Any, np.dtype[np.float32]] = (
            pixels.permute(0, 1, 3, 4, 2).float().cpu().numpy()
        )
        return frames
