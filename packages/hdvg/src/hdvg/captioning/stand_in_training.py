"""Trains the stand-in captioner on rendered keyframes: one process, resumable, CPU is enough.

Beside the caption, every patch of the vision transformer has to name the object that it shows (its
colour and shape) and to draw the object's outline in black and white; that head is thrown away in
the end. Shapes count only where objects are: averaged over whole pictures they hardly mattered, and
after 2200 steps the small transformer still took every star for a triangle.
"""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from hdvg.captioning.stand_in_model import (
    StandInConfig,
    build_model,
    build_processor,
    train_tokenizer,
)
from hdvg.captioning.stand_in_pictures import draw_picture, squeeze
from hdvg.errors import InputError
from hdvg.shapes.scene import COLOURS, SHAPES, sample_scene, still_caption

if TYPE_CHECKING:
    from transformers import Blip2ForConditionalGeneration, Blip2Processor

LOG = logging.getLogger(__name__)

_IGNORED = -100  # what torch's cross-entropy leaves out
_TOKENIZER_CAPTIONS = 5000
_GRADIENT_NORM = 1.0


@dataclass(frozen=True, kw_only=True)
class StandInTrainingConfig:
    """How long and on what the stand-in is trained; chosen here for half an hour of one core."""

    model: StandInConfig = field(default_factory=StandInConfig)
    """Its sizes."""
    num_pictures: int = 12_000
    """Keyframes rendered once and seen again and again, half of the time mirrored."""
    height: int = 144
    """Rows that they are rendered at."""
    pair_prob: float = 0.4
    """How many of them must show two objects; in the corpus about 0.13 do."""
    num_steps: int = 4_000
    """Optimiser steps."""
    batch_size: int = 64
    """Pictures a step."""
    lr: float = 1e-3
    """Peak learning rate of AdamW; linear warm-up over 200 steps, then a cosine to zero."""
    patch_weight: float = 0.5
    """Weight of the patches' loss beside the caption's."""
    checkpoint_every: int = 200
    """Steps between checkpoints."""
    seed: int = 0
    """Seeds pictures, weights and order."""

    def __post_init__(self) -> None:
        for name in ("num_pictures", "num_steps", "batch_size", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be positive, got {getattr(self, name)}")
        if self.height < 2 or self.height % 2:
            raise InputError(f"height must be even and positive, got {self.height}")


@dataclass(frozen=True, kw_only=True)
class PicturePool:
    """Rendered keyframes as arrays, one row a picture."""

    images: npt.NDArray[np.uint8]
    """[N, side, side, 3]."""
    colours: npt.NDArray[np.int64]
    """[N, grid, grid], see `Picture`."""
    shapes: npt.NDArray[np.int64]
    """[N, grid, grid], see `Picture`."""
    masks: npt.NDArray[np.bool_]
    """[N, side, side]: where the objects are."""
    captions: list[str]


def render_pool(config: StandInTrainingConfig) -> PicturePool:
    """Renders what a training sees; a pure function of the config."""
    rng = np.random.default_rng((config.seed, 1))
    side, grid = config.model.image_size_px, config.model.grid
    count = config.num_pictures
    images = np.empty((count, side, side, 3), np.uint8)
    colours = np.empty((count, grid, grid), np.int64)
    shapes = np.empty((count, grid, grid), np.int64)
    masks = np.empty((count, side, side), np.bool_)
    captions = []
    for number in range(count):
        picture = draw_picture(rng, config.height, grid, config.pair_prob)
        images[number] = squeeze(picture.jpeg, side)
        colours[number], shapes[number] = picture.colours, picture.shapes
        masks[number] = Image.fromarray(picture.mask).resize((side, side))
        captions.append(picture.caption)
    return PicturePool(
        images=images, colours=colours, shapes=shapes, masks=masks, captions=captions
    )


def prepare_processor(config: StandInTrainingConfig) -> "Blip2Processor":
    """The processor, its tokenizer trained on captions of scenes that nobody renders."""
    rng = np.random.default_rng((config.seed, 2))
    captions = [still_caption(sample_scene(rng, 1.0)) for _ in range(_TOKENIZER_CAPTIONS)]
    return build_processor(config.model, train_tokenizer(captions))


def train_stand_in(
    config: StandInTrainingConfig, folder: Path
) -> "tuple[Blip2ForConditionalGeneration, Blip2Processor]":
    """Trains, or goes on with a training that was cut off.

    Args:
        config: Sizes and length.
        folder: Holds the checkpoint.
    """
    torch.manual_seed(config.seed)
    processor = prepare_processor(config)
    model = build_model(config.model, processor)
    # The fused attention's backward pass took 60 % of a step on a CPU; the plain one a tenth of it.
    model.set_attn_implementation("eager")
    # Of colours and shapes one more, for "no object"; and a bit for each pixel.
    answers = len(COLOURS) + 1 + len(SHAPES) + 1 + config.model.patch_px**2
    heads = nn.ModuleDict({"model": model, "patches": nn.Linear(config.model.width, answers)})
    optimiser = torch.optim.AdamW(heads.parameters(), lr=config.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, config))
    checkpoint = folder / "last.pt"
    parts = {"heads": heads, "optimiser": optimiser, "schedule": schedule}
    start = _resume(checkpoint, parts)
    pool = render_pool(config)
    LOG.info("rendered %d pictures; going on from step %d", config.num_pictures, start)
    for step in range(start, config.num_steps):
        batch = _batch(config, pool, processor, step)
        caption_loss, patch_loss = _losses(heads, batch)
        optimiser.zero_grad()
        torch.autograd.backward(caption_loss + config.patch_weight * patch_loss)
        nn.utils.clip_grad_norm_(heads.parameters(), _GRADIENT_NORM)
        optimiser.step()
        schedule.step()
        if (step + 1) % config.checkpoint_every == 0:
            _save(checkpoint, parts, step + 1)
            LOG.info(
                "step %d: caption %.4f, patches %.4f",
                step + 1,
                caption_loss.item(),
                patch_loss.item(),
            )
    return model.eval(), processor


def save_stand_in(
    model: "Blip2ForConditionalGeneration", processor: "Blip2Processor", out: Path
) -> None:
    """Writes a model folder as a hub serves it: half-precision safetensors, processor."""
    model.half().save_pretrained(out)
    processor.tokenizer.backend_tokenizer.no_padding()  # which training had switched on
    processor.save_pretrained(out)


def _rate(step: int, config: StandInTrainingConfig, warmup_steps: int = 200) -> float:
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    done = (step - warmup_steps) / max(1, config.num_steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _batch(
    config: StandInTrainingConfig, pool: PicturePool, processor: "Blip2Processor", step: int
) -> dict[str, Tensor]:
    """What step `step` sees: a pure function of the config and the step."""
    picks, mirrored = next(_order(config, step))
    rows = slice(None, None, -1 if mirrored else 1)
    scale = 255.0 * torch.tensor(processor.image_processor.image_std).view(3, 1, 1)
    mean = 255.0 * torch.tensor(processor.image_processor.image_mean).view(3, 1, 1)
    images = np.ascontiguousarray(pool.images[picks][:, :, rows].transpose(0, 3, 1, 2))
    truth = {
        "colours": np.ascontiguousarray(pool.colours[picks][:, :, rows]),
        "shapes": np.ascontiguousarray(pool.shapes[picks][:, :, rows]),
    }
    batch = {name: torch.from_numpy(values).flatten(1) for name, values in truth.items()}
    batch["masks"] = _by_patch(pool.masks[picks][:, :, rows], config.model.patch_px)
    batch["pixel_values"] = (torch.from_numpy(images).float() - mean) / scale
    return batch | _tokenise([pool.captions[pick] for pick in picks], processor)


def _by_patch(masks: npt.NDArray[np.bool_], patch: int) -> Tensor:
    """Masks [N, side, side] as floats [N, patches, pixels of a patch]."""
    count, side, _ = masks.shape
    grid = side // patch
    cells = masks.reshape(count, grid, patch, grid, patch).transpose(0, 1, 3, 2, 4)
    return torch.from_numpy(cells.reshape(count, grid * grid, patch * patch).astype(np.float32))


def _order(
    config: StandInTrainingConfig, step: int
) -> Iterator[tuple[npt.NDArray[np.int64], bool]]:
    rng = np.random.default_rng((config.seed, 3, step))
    yield rng.integers(config.num_pictures, size=config.batch_size), bool(rng.random() < 0.5)


def _tokenise(captions: list[str], processor: "Blip2Processor") -> dict[str, Tensor]:
    """Queries, start and caption as the language model reads them, and what it has to say."""
    tokenizer = processor.tokenizer
    texts = [f"{caption}{tokenizer.eos_token}" for caption in captions]
    coded = tokenizer(texts, padding=True, return_tensors="pt")
    image_token = tokenizer.convert_tokens_to_ids("<image>")
    count = processor.num_query_tokens
    queries = torch.full((len(captions), count), image_token)
    labels = coded.input_ids.masked_fill(coded.attention_mask == 0, _IGNORED)
    labels[:, 0] = _IGNORED  # the start is given
    return {
        "input_ids": torch.cat([queries, coded.input_ids], dim=1),
        "attention_mask": torch.cat([torch.ones_like(queries), coded.attention_mask], dim=1),
        "labels": torch.cat([torch.full_like(queries, _IGNORED), labels], dim=1),
    }


def _losses(heads: nn.ModuleDict, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    inputs = ("pixel_values", "input_ids", "attention_mask")
    with torch.autocast("cpu", torch.bfloat16):
        output = heads["model"](**{name: batch[name] for name in inputs})
        patches = heads["patches"](output.vision_outputs.last_hidden_state[:, 1:])
    said, wanted = output.logits[:, :-1].float(), batch["labels"][:, 1:]
    caption_loss = functional.cross_entropy(
        said.flatten(0, 1), wanted.flatten(), ignore_index=_IGNORED
    )
    parts = (len(COLOURS) + 1, len(SHAPES) + 1, batch["masks"].shape[-1])
    colours, shapes, masks = patches.float().flatten(0, 1).split(parts, -1)
    named = batch["shapes"].flatten()
    shown = batch["masks"].flatten(0, 1)
    # Objects cover a twentieth of a picture: averaged over all of it, shapes would hardly count.
    drawn = (shown.sum(-1) > 0) | (named > 0)
    patch_loss = functional.cross_entropy(colours, batch["colours"].flatten())
    patch_loss = patch_loss + functional.cross_entropy(
        shapes, named.masked_fill(named == 0, _IGNORED), ignore_index=_IGNORED
    )
    outline_loss = functional.binary_cross_entropy_with_logits(masks[drawn], shown[drawn])
    return caption_loss, patch_loss + outline_loss


def _resume(checkpoint: Path, parts: dict[str, Any]) -> int:
    """Loads what a checkpoint holds into the parts; the step to go on from."""
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])
    return int(state["step"])


def _save(checkpoint: Path, parts: dict[str, Any], step: int) -> None:
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    partial = checkpoint.with_suffix(".partial")
    states = {name: part.state_dict() for name, part in parts.items()}
    torch.save(states | {"step": step}, partial)
    partial.replace(checkpoint)
