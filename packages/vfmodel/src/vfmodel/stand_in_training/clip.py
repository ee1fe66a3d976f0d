"""Trains the stand-in CLIPModel contrastively on rendered frames and their captions."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    CLIPTextModel,
    CLIPTokenizer,
)

from hdvg.errors import InputError
from vfmodel.scene_clips import random_frames
from vfmodel.stand_in_training.tokenizer import MAX_TOKENS, train_tokenizer
from vfmodel.stand_in_training.vae import cosine_warmup

LOG = logging.getLogger(__name__)

# A seed to frames [N, 3, H, W] and their captions.
PairSource = Callable[[int], tuple[Tensor, list[str]]]


@dataclass(frozen=True, kw_only=True)
class CLIPTrainingConfig:
    """Sizes and training of the stand-in; chosen here for two CPU cores."""

    text_width: int = 96
    """Width of the text encoder, and so of the tokens that the U-Net attends to."""
    text_layers: int = 3
    """Layers of the text encoder."""
    vision_width: int = 96
    """Width of the vision transformer."""
    vision_layers: int = 4
    """Layers of the vision transformer."""
    image_size_px: int = 96
    """Frames are squeezed to a square of this side, so that nothing at the sides is lost."""
    patch_px: int = 12
    """Side of a patch."""
    projection_width: int = 64
    """Width of the shared space."""
    num_steps: int = 500
    """Optimiser steps."""
    batch_size: int = 64
    """Pairs a step; all others of the batch are the negatives."""
    lr: float = 1e-3
    """Peak learning rate of AdamW; linear warm-up over 40 steps, then a cosine to zero."""
    seed: int = 0
    """Seeds the weights."""

    def __post_init__(self) -> None:
        if self.image_size_px % self.patch_px:
            raise InputError(
                f"image_size_px {self.image_size_px} is not a multiple of patch_px {self.patch_px}"
            )
        if self.num_steps < 1:
            raise InputError(f"num_steps must be positive, got {self.num_steps}")


def build_clip(config: CLIPTrainingConfig, tokenizer: CLIPTokenizer) -> CLIPModel:
    """An untrained CLIPModel whose special tokens are those of the tokenizer."""
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": config.text_width,
        "intermediate_size": 4 * config.text_width,
        "num_hidden_layers": config.text_layers,
        "num_attention_heads": 4,
        "max_position_embeddings": MAX_TOKENS,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "hidden_size": config.vision_width,
        "intermediate_size": 4 * config.vision_width,
        "num_hidden_layers": config.vision_layers,
        "num_attention_heads": 4,
        "image_size": config.image_size_px,
        "patch_size": config.patch_px,
    }
    return CLIPModel(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=config.projection_width)
    )


def image_processor(config: CLIPTrainingConfig) -> CLIPImageProcessorPil:
    """Squeezes frames to the model's square; CLIP's usual central crop would lose the sides."""
    side = config.image_size_px
    return CLIPImageProcessorPil(size={"height": side, "width": side}, do_center_crop=False)


def contrastive_loss(
    image: Float[Tensor, "N D"], text: Float[Tensor, "N D"], scale: Float[Tensor, ""]
) -> Float[Tensor, ""]:
    """Symmetric cross-entropy over cosine similarities, Radford et al. (2021), figure 3."""
    logits = scale * functional.normalize(image, dim=-1) @ functional.normalize(text, dim=-1).T
    target = torch.arange(len(logits), device=logits.device)
    return (
        functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)
    ) / 2


def train_clip(
    source: PairSource, config: CLIPTrainingConfig, tokenizer: CLIPTokenizer
) -> CLIPModel:
    """Trains on `source(step)`: contrastively, and to tell a caption's words from its last state.

    A frame shows no motion, so contrastive training alone leaves "left" and "right" alike: the
    hidden states of two colours differed 100 times as much (squared), and a U-Net that read them
    did not learn to move anything in 2000 steps.
    """
    torch.manual_seed(config.seed)
    model = build_clip(config, tokenizer)
    words = nn.Linear(config.text_width, len(tokenizer))
    parameters = [*model.parameters(), *words.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: cosine_warmup(step, config.num_steps, warmup_steps=40)
    )
    processor = image_processor(config)
    for step in range(config.num_steps):
        frames, captions = source(step)
        pixels, tokens = prepare(frames, captions, processor, tokenizer)
        rows = torch.arange(len(tokens))
        with torch.autocast("cpu", torch.bfloat16):
            output = model(input_ids=tokens, pixel_values=pixels)
            guess = words(output.text_model_output.last_hidden_state[rows, tokens.argmax(1)])
        contrast = contrastive_loss(
            output.image_embeds.float(), output.text_embeds.float(), model.logit_scale.exp()
        )
        loss = contrast + words_loss(guess.float(), tokens)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        model.logit_scale.data.clamp_(max=4.6)
        if step % 50 == 0:
            both = contrast.item(), (loss - contrast).item()
            LOG.info("clip step %d: loss %.3f + %.3f", step, *both)
    return model.eval()


def prepare(
    frames: UInt8[Tensor, "N 3 H W"],
    captions: list[str],
    processor: CLIPImageProcessorPil,
    tokenizer: CLIPTokenizer,
) -> tuple[Float[Tensor, "N 3 S S"], Int[Tensor, "N L"]]:
    """Frames and captions as the model takes them.

    The frames go through the very arithmetic of the image processor (antialiased bicubic resize,
    CLIP's mean and deviation), batched.
    """
    side = processor.size["height"]
    small = functional.interpolate(frames.float(), (side, side), mode="bicubic", antialias=True)
    mean = torch.tensor(processor.image_mean).view(3, 1, 1)
    deviation = torch.tensor(processor.image_std).view(3, 1, 1)
    pixels = (small.clamp(0, 255) / 255.0 - mean) / deviation
    tokens: Tensor = tokenizer(
        captions, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"
    ).input_ids
    return pixels, tokens


def words_loss(logits: Float[Tensor, "N V"], tokens: Int[Tensor, "N L"]) -> Float[Tensor, ""]:
    """Cross-entropy of guessing a caption's tokens, each that occurs being equally right."""
    occurs = torch.zeros_like(logits).scatter_(1, tokens, 1.0)
    return functional.cross_entropy(logits, occurs / occurs.sum(1, keepdim=True))


@torch.no_grad()
def retrieval_accuracy(
    model: CLIPModel,
    pairs: tuple[Tensor, list[str]],
    processor: CLIPImageProcessorPil,
    tokenizer: CLIPTokenizer,
) -> float:
    """Share in [0, 1] of frames whose best caption, of all those given, reads like their own."""
    frames, captions = pairs
    pixels, tokens = prepare(frames, captions, processor, tokenizer)
    best = model(input_ids=tokens, pixel_values=pixels).logits_per_image.argmax(dim=1)
    return sum(captions[j] == own for own, j in zip(captions, best, strict=True)) / len(captions)


def make_clip(out: Path) -> str:
    """Trains on rendered frames; writes `out/clip` and the text half into `out/text_to_video`."""
    config = CLIPTrainingConfig()
    _, captions = random_frames(config.seed, 4000, 32, 56, num_stock=1000)
    tokenizer = train_tokenizer(captions)

    def pairs(step: int) -> tuple[Tensor, list[str]]:
        seed, count = config.seed + 1 + step, config.batch_size
        frames, texts = random_frames(seed, count, 96, 176, num_stock=count // 4)
        return torch.from_numpy(frames), texts

    model = train_clip(pairs, config, tokenizer)
    processor = image_processor(config)
    frames, texts = random_frames(2**30, 64, 96, 176, num_stock=16)
    accuracy = retrieval_accuracy(model, (torch.from_numpy(frames), texts), processor, tokenizer)
    save_clip(out, model, tokenizer, processor)
    return f"{out / 'clip'}: of 64 unseen frames {accuracy:.0%} find a caption that is theirs"


def save_clip(
    out: Path, model: CLIPModel, tokenizer: CLIPTokenizer, processor: CLIPImageProcessorPil
) -> None:
    """Writes the whole CLIP, and its text encoder and tokenizer for the text-to-video folder."""
    model.half().save_pretrained(out / "clip")
    CLIPProcessor(image_processor=processor, tokenizer=tokenizer).save_pretrained(out / "clip")
    text_encoder = CLIPTextModel(model.config.text_config)
    text_encoder.load_state_dict(model.text_model.state_dict())
    text_encoder.half().save_pretrained(out / "text_to_video" / "text_encoder")
    tokenizer.save_pretrained(out / "text_to_video" / "tokenizer")
