"""The stand-in captioner, untrained: BLIP-2 in the very classes of the real one, about 1 M weights.

A vision transformer, a Q-Former and an OPT language model, with a byte-level tokenizer that knows
the words of the captions and can spell all others.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hdvg.errors import InputError

if TYPE_CHECKING:
    from transformers import Blip2ForConditionalGeneration, Blip2Processor, GPT2Tokenizer

_START, _PAD = "</s>", "<pad>"


@dataclass(frozen=True, kw_only=True)
class StandInConfig:
    """Sizes of the stand-in; chosen here for two CPU cores and a few megabytes."""

    image_size_px: int = 72
    """Keyframes are squeezed to a square of this side."""
    patch_px: int = 9
    """Side of a patch; the smallest object is 4 patches high and 2 wide."""
    width: int = 96
    """Width of all three parts."""
    vision_layers: int = 4
    """Layers of the vision transformer."""
    bridge_layers: int = 2
    """Layers of the Q-Former."""
    text_layers: int = 2
    """Layers of the language model."""
    heads: int = 4
    """Attention heads, everywhere."""
    num_queries: int = 8
    """What the Q-Former sums a picture up in."""
    max_tokens: int = 96
    """Positions of the language model: queries, prompt and caption."""

    def __post_init__(self) -> None:
        if self.image_size_px % self.patch_px:
            raise InputError(
                f"image_size_px {self.image_size_px} is not a multiple of patch_px {self.patch_px}"
            )
        if self.width % self.heads:
            raise InputError(f"width {self.width} is not a multiple of heads {self.heads}")

    @property
    def grid(self) -> int:
        """Patches on a side."""
        return self.image_size_px // self.patch_px


def train_tokenizer(captions: Iterable[str], num_merges: int = 300) -> "GPT2Tokenizer":
    """Learns merges from captions; laid out as OPT's tokenizer.

    Args:
        captions: Texts; their words become single tokens.
        num_merges: At most this many merges.
    """
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import GPT2Tokenizer

    special = [_START, _PAD]
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=len(special) + len(alphabet) + num_merges,
        special_tokens=special,
        initial_alphabet=alphabet,
        show_progress=False,
    )
    bpe.train_from_iterator(captions, trainer)
    learnt = json.loads(bpe.to_str())["model"]
    tokenizer = GPT2Tokenizer(
        vocab=learnt["vocab"],
        merges=[tuple(pair) for pair in learnt["merges"]],
        unk_token=_START,
        bos_token=_START,
        eos_token=_START,
        pad_token=_PAD,
        add_bos_token=True,
    )
    return tokenizer


def build_processor(config: StandInConfig, tokenizer: "GPT2Tokenizer") -> "Blip2Processor":
    """Squeezes pictures and tokenises prompts; adds BLIP-2's image token to the tokenizer."""
    from transformers import Blip2Processor
    from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

    side = config.image_size_px
    return Blip2Processor(
        BlipImageProcessorPil(size={"height": side, "width": side}),
        tokenizer,
        num_query_tokens=config.num_queries,
    )


def build_model(
    config: StandInConfig, processor: "Blip2Processor"
) -> "Blip2ForConditionalGeneration":
    """An untrained model whose special tokens are those of the processor's tokenizer."""
    from transformers import Blip2Config, Blip2ForConditionalGeneration

    tokenizer = processor.tokenizer
    size = {"hidden_size": config.width, "num_attention_heads": config.heads}
    wide = 4 * config.width
    vision = size | {
        "intermediate_size": wide,
        "num_hidden_layers": config.vision_layers,
        "image_size": config.image_size_px,
        "patch_size": config.patch_px,
        # The default (1e-10) suits weights that are loaded, not trained.
        "initializer_range": 0.02,
    }
    bridge = size | {
        "intermediate_size": wide,
        "num_hidden_layers": config.bridge_layers,
        "cross_attention_frequency": 1,
        "vocab_size": 1,
        "max_position_embeddings": 1,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }
    text = size | {
        "model_type": "opt",
        "vocab_size": len(tokenizer),
        "num_hidden_layers": config.text_layers,
        "ffn_dim": wide,
        "word_embed_proj_dim": config.width,
        "max_position_embeddings": config.max_tokens,
        "dropout": 0.0,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    return Blip2ForConditionalGeneration(
        Blip2Config(
            vision_config=vision,
            qformer_config=bridge,
            text_config=text,
            num_query_tokens=config.num_queries,
            image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        )
    )
