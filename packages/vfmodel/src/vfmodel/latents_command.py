"""`vfmodel latents`: encodes a dataset once, so that training reads latents instead of pixels."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from transformers.utils import logging as transformers_logging

from hdvg.errors import InputError
from vfmodel.command_line import new_parser, read_words
from vfmodel.pretrained import STAND_IN_PIPELINE

if TYPE_CHECKING:
    from hdvg.latents.encode_dataset import EncodeSummary

_MAX_FPS = 60.0


@dataclass(frozen=True, kw_only=True)
class LatentsConfig:
    """What `vfmodel latents` is asked for; the defaults fit configs/vfmodel/mini.yaml."""

    data: str
    """The dataset folder, or an fsspec URL such as s3://bucket/dataset."""
    base: str = STAND_IN_PIPELINE
    """Folder or hub id with the part vae, as `model.base` of the training."""
    family: str = ""
    """Name of the latents in the dataset; empty: after their size and rate, as 96x176_8fps."""
    height: int = 96
    """Height of the frames in pixels, as `data.clip.height`."""
    width: int = 176
    """Width of the frames in pixels, as `data.clip.width`."""
    fps: float = 8.0
    """Frames encoded a second: `data.clip.fps` or a multiple of it, which lets windows begin at
    more places and takes as many times the space."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of the stored numbers. Half precision moved losses by less than 1e-4 of them and takes half
    the space."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to encode; auto takes the GPUs if there are any."""
    address: str = ""
    """A running Ray cluster to join; empty: this machine alone."""

    def __post_init__(self) -> None:
        if not self.data:
            raise InputError("data is empty: give the dataset folder")
        if not 0 < self.fps <= _MAX_FPS:
            raise InputError(f"fps must be above 0 and at most {_MAX_FPS:g}, got {self.fps}")

    @property
    def name(self) -> str:
        """The family's name."""
        return self.family or f"{self.height}x{self.width}_{self.fps:g}fps"


def encode_to_family(config: LatentsConfig) -> "EncodeSummary":
    """Encodes what the family lacks.

    Raises:
        InputError: Ray is not installed, the autoencoder cannot be loaded, or what
            `hdvg.latents.encode_dataset` refuses.
    """
    absent = [name for name in ("ray", "rich") if find_spec(name) is None]
    if absent:
        raise InputError(f"vfmodel latents needs {' and '.join(absent)}: pip install 'hdvg[build]'")
    from hdvg.latents.encode_dataset import encode_dataset
    from vfmodel.latent_encoder import describe_latents, load_encoder

    settings = describe_latents(
        config.base, height=config.height, width=config.width, fps=config.fps, dtype=config.dtype
    )
    return encode_dataset(
        config.data,
        config.name,
        settings,
        partial(load_encoder, config.base, settings.autoencoder_sha256),
        device=config.device,
        address=config.address,
    )


def format_summary(summary: "EncodeSummary", data: str) -> str:
    """The end of a run in a few lines."""
    lines = [
        f"{data}: {summary.num_encoded} of {summary.num_clips} clips have latents in the family"
        f" {summary.family!r} ({summary.nbytes / 1e6:.1f} MB); {summary.num_made} made in"
        f" {summary.wall_s:.0f} s ({summary.units_made} units made, {summary.units_before} found"
        " committed)"
    ]
    if summary.num_left_out:
        lines.append(f"  left out: {summary.num_left_out:4d} clips cannot be read")
    lines += [f"    {reason}" for reason in summary.bad]
    return "\n".join(lines) + "\n"


def run_latents(arguments: Sequence[str]) -> None:
    """Parses a command line and encodes.

    Args:
        arguments: What follows "latents" on the command line.

    Raises:
        InputError: An unknown option, a missing file, or what `encode_to_family` refuses.
    """
    transformers_logging.disable_progress_bar()
    parser = new_parser(
        "latents",
        "Encodes a dataset's clips to latents, beside its captions and scores. The same command"
        " goes on where it stopped.",
    )
    parser.add_argument("data", type=str, help="The dataset folder, or an fsspec URL.")
    parser.add_class_arguments(LatentsConfig, None, skip={"data"})
    values, as_json = read_words(parser, arguments)
    config = LatentsConfig(**values)
    summary = encode_to_family(config)
    sys.stdout.write(
        json.dumps(asdict(summary)) + "\n" if as_json else format_summary(summary, config.data)
    )
