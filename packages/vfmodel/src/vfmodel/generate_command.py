"""`vfmodel generate`: a prompt to an MP4."""

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonargparse
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words
from vfmodel.find_upscaler import find_upscaler
from vfmodel.text_to_video import generate

# Seeds that are drawn stay short enough to type; any other can be given.
_DRAWN_SEEDS = 2**32


@dataclass(frozen=True, kw_only=True)
class GenerateConfig:
    """What `vfmodel generate` is asked for."""

    prompt: str
    """What to show."""
    out: str = "video.mp4"
    """The MP4 to write; its folder is made."""
    model: str | None = None
    """A model folder or hub id; by default the packaged mini model."""
    negative_prompt: str = ""
    """What to keep away from."""
    seed: int | None = None
    """The same seed gives the same video; by default one is drawn and named."""
    steps: int = 25
    """Denoising steps."""
    guidance_scale: float = 4.0
    """How strictly to follow the prompt; 1 or less is no guidance."""
    num_frames: int | None = None
    """Frames; by default the model's own number."""
    fps: float | None = None
    """Frames per second to make it for, with a model that was trained on several rates; by default
    the model's own."""
    height: int | None = None
    """Pixels; by default the model's own size."""
    width: int | None = None
    """Pixels; by default the model's own size."""
    upscaler: str | None = None
    """Import path of a function that enlarges the video, such as vfsr.upscale; by default it stays
    as it is."""

    def __post_init__(self) -> None:
        if Path(self.out).suffix.lower() != ".mp4":
            raise InputError(f"out must end in .mp4, got {self.out}")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise InputError(f"seed must be in 0..2**63 - 1, got {self.seed}")


def generate_to_file(config: GenerateConfig) -> dict[str, Any]:
    """Samples one video and writes it.

    Returns:
        Facts: "path", "seed", "num_frames", "height" and "width" in pixels, "fps".

    Raises:
        InputError: As `vfmodel.generate`, no such upscaler, or a path that is a folder.
    """
    if Path(config.out).is_dir():
        raise InputError(f"out is a folder: {config.out}")
    upscaler = None if config.upscaler is None else find_upscaler(config.upscaler)
    seed = random.SystemRandom().randrange(_DRAWN_SEEDS) if config.seed is None else config.seed
    video = generate(
        config.prompt,
        model=config.model,
        seed=seed,
        steps=config.steps,
        guidance_scale=config.guidance_scale,
        num_frames=config.num_frames,
        negative_prompt=config.negative_prompt or None,
        height=config.height,
        width=config.width,
        fps=config.fps,
        upscaler=upscaler,
    )
    count, _, height, width = video.frames.shape
    return {
        "path": str(video.save(config.out)),
        "seed": seed,
        "num_frames": count,
        "height": height,
        "width": width,
        "fps": video.fps,
    }


def run_generate(arguments: Sequence[str]) -> None:
    """Parses a command line and generates.

    Args:
        arguments: What follows "generate" on the command line; the prompt may come first, without
            its option's name.

    Raises:
        InputError: An unknown option, a missing file, or what `generate_to_file` refuses.
    """
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    config, as_json = parse_words(arguments)
    facts = generate_to_file(config)
    if config.seed is None and not as_json:
        sys.stderr.write(f"seed {facts['seed']}\n")
    sys.stdout.write(f"{json.dumps(facts) if as_json else facts['path']}\n")


def parse_words(arguments: Sequence[str]) -> tuple[GenerateConfig, bool]:
    """What a command line asks for, and whether the answer is to be JSON.

    Raises:
        InputError: An unknown option, or a value that does not fit.
    """
    words = list(arguments)
    if words and not words[0].startswith("-"):
        words[0] = f"--prompt={words[0]}"
    settings, as_json = read_words(_make_parser(), words)
    return GenerateConfig(**settings), as_json


def _make_parser() -> jsonargparse.ArgumentParser:
    parser = new_parser(
        "generate",
        "Makes an MP4 of a prompt and prints its path.",
        usage='"a red circle moving left" [options]',
    )
    parser.add_class_arguments(GenerateConfig, None)
    return parser
