"""The frozen text encoder: prompts to one vector a token.

Shape letters: B prompts, L tokens, D text width.
"""

import os
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from vfmodel.pretrained import STAND_IN_PIPELINE, load_part

# Training sees the same captions again and again; this many encodings are kept.
_MEMORY = 4096


class PromptEncoder:
    """CLIP's tokenizer and text model, never trained.

    Not a torch module, for the reason that `VideoAutoencoder` is none.
    """

    def __init__(self, tokenizer: CLIPTokenizer, text_model: CLIPTextModel) -> None:
        self.tokenizer = tokenizer
        self.text_model = text_model.requires_grad_(False).eval()
        self._known: dict[str, Tensor] = {}

    @classmethod
    def from_pretrained(cls, source: str | os.PathLike[str] = STAND_IN_PIPELINE) -> "PromptEncoder":
        """Loads "tokenizer" and "text_encoder" of a diffusers folder or hub id, in float32.

        Raises:
            InputError: They cannot be loaded.
        """
        return cls(
            load_part(CLIPTokenizer, source, "tokenizer"),
            load_part(CLIPTextModel, source, "text_encoder", dtype=torch.float32),
        )

    @property
    def width(self) -> int:
        """D, the width of a token's vector."""
        return int(self.text_model.config.hidden_size)

    def to(self, device: torch.device) -> "PromptEncoder":
        """Moves the weights."""
        if self.text_model.device != device:
            self.text_model.to(device)
            self._known.clear()
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "PromptEncoder":
        """The weights never change, so every copy may share them."""
        return self

    def encode(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        """The text model's last hidden states, padded or cut to the tokenizer's longest input.

        An empty prompt is the null prompt of classifier-free guidance.
        """
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._known]
        if len(self._known) + len(new) > _MEMORY:
            self._known.clear()
            new = list(dict.fromkeys(prompts))
        if new:
            self._known.update(zip(new, self._compute(new), strict=True))
        return torch.stack([self._known[prompt] for prompt in prompts])

    @torch.no_grad()
    def _compute(self, prompts: list[str]) -> Float[Tensor, "B L D"]:
        tokens = self.tokenizer(
            prompts,
            padding="max_length",
            truncation=True,
            max_length=self.tokenizer.model_max_length,
            return_tensors="pt",
        ).input_ids.to(self.text_model.device)
        states: Tensor = self.text_model(tokens).last_hidden_state
        return states
