"""Multi-head attention over token sequences, for our layers and for diffusers' own.

Shape letters: S sequences, L tokens of a sequence, M tokens attended to, C channels, D text width,
B batch, F = B * T frames.
"""

from typing import NamedTuple

import torch
from diffusers.models.attention_processor import Attention
from einops import rearrange
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

# CUDA launches one grid row a sequence and refuses more (pytorch issue 142228).
_MAX_SEQUENCES = 65_535


def attend(
    query: Float[Tensor, "S L C"],
    key: Float[Tensor, "S M C"],
    value: Float[Tensor, "S M C"],
    num_heads: int,
) -> Float[Tensor, "S L C"]:
    """softmax(Q K^T / sqrt(C / num_heads)) V for each head and sequence, without a mask."""
    if len(query) > _MAX_SEQUENCES:
        chunks = [torch.split(x, _MAX_SEQUENCES) for x in (query, key, value)]
        return torch.cat([attend(q, k, v, num_heads) for q, k, v in zip(*chunks, strict=True)])
    q, k, v = (rearrange(x, "s l (h d) -> s h l d", h=num_heads) for x in (query, key, value))
    # The fused kernel's bfloat16 backward on CPUs takes twice as long as the plain formula does
    # (torch 2.13: 41 against 20 ms for 32 x 264 tokens x 48 channels).
    in_plain = q.requires_grad and q.dtype == torch.bfloat16 and q.device.type == "cpu"
    read = _plainly(q, k, v) if in_plain else scaled_dot_product_attention(q, k, v)
    return rearrange(read, "s h l d -> s l (h d)")


def _plainly(
    query: Float[Tensor, "S N L d"], key: Float[Tensor, "S N M d"], value: Float[Tensor, "S N M d"]
) -> Float[Tensor, "S N L d"]:
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    return scores.softmax(-1).to(value.dtype) @ value


class TextKeys(NamedTuple):
    """The prompts' tokens as one text attention sees them.

    Attributes:
        key: What queries are compared with.
        value: What they read.
    """

    key: Float[Tensor, "B M C"]
    value: Float[Tensor, "B M C"]


class ProjectedText(NamedTuple):
    """What the network makes of prompts before it sees any latents.

    Attributes:
        keys: For each block, in the order they run, and each text attention in it.
        mean: Of each prompt's tokens.
    """

    keys: tuple[tuple[TextKeys, ...], ...]
    mean: Float[Tensor, "B D"]


# The prompts of one attention: their tokens, or what has already been made of them.
Text = Float[Tensor, "B M D"] | TextKeys


def keys_of(attn: Attention, context: Float[Tensor, "S M D"]) -> TextKeys:
    """Projects tokens to the keys and values of an attention of diffusers'."""
    return TextKeys(attn.to_k(context), attn.to_v(context))


class FrameAttention:
    """Processor for the attentions of diffusers' text transformers: B prompts serve B * T frames.

    A prompt's keys and values are the same for all its frames, so they are computed once and the
    queries of its frames are joined, instead of repeating the text T times. While sampling they are
    the same at every step, too, and can be given as they are.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Float[Tensor, "F L C"],
        encoder_hidden_states: Text | None = None,
        attention_mask: None = None,
    ) -> Float[Tensor, "F L C"]:
        """Attends from every frame to its own prompt, or to itself where no text is given."""
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        key, value = context if isinstance(context, TextKeys) else keys_of(attn, context)
        query = attn.to_q(hidden_states)
        joined = query.reshape(len(key), -1, query.shape[-1])
        read = attend(joined, key, value, attn.heads)
        return attn.to_out[0](read.reshape(query.shape))
