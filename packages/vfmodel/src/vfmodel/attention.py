"""Multi-head attention over token sequences, and text attention that encodes the prompt once.

Shape letters: S sequences, L tokens of a sequence, M tokens attended to, C channels, D text width,
B batch, F = B * T frames.
"""

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
    return rearrange(scaled_dot_product_attention(q, k, v), "s h l d -> s l (h d)")


class SharedTextAttention:
    """Processor for diffusers' text cross-attention: B prompts serve B * T frames.

    A prompt's keys and values are the same for all its frames, so they are computed once and the
    queries of its frames are joined, instead of repeating the text T times.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Float[Tensor, "F L C"],
        encoder_hidden_states: Float[Tensor, "B M D"],
        attention_mask: None = None,
    ) -> Float[Tensor, "F L C"]:
        """Attends from every frame's tokens to the tokens of its own prompt."""
        batch = len(encoder_hidden_states)
        query = attn.to_q(hidden_states)
        frames_joined = query.reshape(batch, -1, query.shape[-1])
        key, value = attn.to_k(encoder_hidden_states), attn.to_v(encoder_hidden_states)
        return attn.to_out[0](attend(frames_joined, key, value, attn.heads).reshape(query.shape))
