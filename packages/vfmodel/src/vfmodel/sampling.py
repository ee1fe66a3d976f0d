"""What can be asked of the pipeline beside the prompt, under the names that diffusers uses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch

from hdvg.errors import InputError

# (pipeline, step, timestep, {"latents", "prompt_embeds"}) -> what of these to replace, or None.
StepCallback = Callable[[Any, int, torch.Tensor, dict[str, torch.Tensor]], Mapping[str, Any] | None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Sampling:
    """One request to `VideoFactoryPipeline`."""

    negative_prompt: str | list[str] | None = None
    """What to keep away from; one text for all prompts, or one for each."""
    height: int | None = None
    """Pixels; a multiple of the autoencoder's factor; None takes the model's own size."""
    width: int | None = None
    """Pixels; a multiple of the autoencoder's factor; None takes the model's own size."""
    num_frames: int | None = None
    """Frames of a clip; None takes the model's own number."""
    fps: float | None = None
    """Frames per second that the clip is made for, where the model was trained on several rates;
    None takes the model's own."""
    num_inference_steps: int = 50
    """Denoising steps; 50 of DDIM are customary."""
    guidance_scale: float = 7.5
    """Classifier-free guidance; 1 or less is none, and halves the work. 7.5 is customary."""
    num_videos_per_prompt: int = 1
    """Videos of each prompt, next to each other in the result."""
    generator: torch.Generator | list[torch.Generator] | None = None
    """Source of all randomness; a list has one for each video."""
    latents: torch.Tensor | None = None
    """Noise [B, C, T, h, w] of unit variance to start from, in place of the generator's."""
    output_type: Literal["pt", "np", "latent"] = "pt"
    """What comes back; see `VideoFactoryOutput`."""
    decode_chunk_size: int = 8
    """Frames decoded at a time; less needs less memory and changes nothing else."""
    callback_on_step_end: StepCallback | None = None
    """Called after every step; what it returns replaces the tensors it was shown."""
    return_dict: bool = True
    """Whether a `VideoFactoryOutput` or a plain tuple comes back."""

    def __post_init__(self) -> None:
        for name in ("height", "width", "num_frames"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"{name} must be >= 1, got {value}")
        if self.fps is not None and not 0 < self.fps < float("inf"):
            raise InputError(f"fps must be positive, got {self.fps}")
        for name in ("num_inference_steps", "num_videos_per_prompt", "decode_chunk_size"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)}")
        if self.output_type not in ("pt", "np", "latent"):
            raise InputError(f"output_type must be pt, np or latent, got {self.output_type!r}")
        if not 0 <= self.guidance_scale < float("inf"):
            raise InputError(f"guidance_scale must be finite and >= 0, got {self.guidance_scale}")

    @property
    def guides(self) -> bool:
        """Whether the unconditional prediction is needed."""
        return self.guidance_scale > 1


def check_prompt(prompt: str) -> None:
    """Refuses a prompt that says nothing.

    Raises:
        InputError: It is empty or blank.
    """
    if not prompt.strip():
        raise InputError(f"the prompt is empty: {prompt!r}")
