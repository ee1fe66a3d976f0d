"""`vfmodel generate`: a prompt to an MP4."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jsonargparse
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from hdvg.errors import InputError
from vfmodel.text_to_video import generate


@dataclass(frozen=True, kw_only=True)
class GenerateConfig:
    """What `vfmodel generate` is asked for."""

    prompt: str
    """What to show."""
    out: str = "video.mp4"
    """The MP4 to write; its folder is made."""
    model: str | None = None
    """A model folder or hub id; by default the packaged mini model."""
    negative_prompt: str | None = None
    """What to keep away from."""
    seed: int | None = None
    """The same seed gives the same video; by default one is drawn."""
    steps: int = 25
    """Denoising steps."""
    guidance_scale: float = 4.0
    """How strictly to follow the prompt; 1 or less is no guidance."""
    num_frames: int | None = None
    """Frames; by default the model's own number."""
    height: int | None = None
    """Pixels; by default the model's own size."""
    width: int | None = None
    """Pixels; by default the model's own size."""

    def __post_init__(self) -> None:
        if Path(self.out).suffix.lower() != ".mp4":
            raise InputError(f"out must end in .mp4, got {self.out}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise InputError(f"seed must be in 0..2**63 - 1, got {self.seed}")


def generate_to_file(config: GenerateConfig) -> Path:
    """Samples one video and writes it; returns its path.

    Raises:
        InputError: As `vfmodel.generate`.
    """
    if Path(config.out).is_dir():
        raise InputError(f"out is a folder: {config.out}")
    video = generate(
        config.prompt,
        model=config.model,
        seed=config.seed,
        steps=config.steps,
        guidance_scale=config.guidance_scale,
        num_frames=config.num_frames,
        negative_prompt=config.negative_prompt,
        height=config.height,
        width=config.width,
    )
    return video.save(config.out)


def run_generate(arguments: Sequence[str]) -> None:
    """Parses a command line and generates.

    Args:
        arguments: What follows "generate" on the command line.

    Raises:
        InputError: An unknown option, a missing file, or what `generate_to_file` refuses.
    """
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = jsonargparse.ArgumentParser(
        prog="vfmodel generate", description="Makes an MP4 of a prompt.", exit_on_error=False
    )
    parser.add_argument("--config", action="config", help="A YAML file with any of these settings.")
    parser.add_class_arguments(GenerateConfig, None)
    try:
        settings = parser.parse_args(list(arguments))
    except jsonargparse.ArgumentError as error:
        raise InputError(error.message) from error
    settings.pop("config", None)
    path = generate_to_file(GenerateConfig(**settings.as_dict()))
    sys.stdout.write(f"{path}\n")
