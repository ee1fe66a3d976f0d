"""Which frame of its clip a layer works on, and what the prompt makes of that.

Shape letters: B clips, T frames, F features of a frame's number, D text width, E embedding width.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional


class FrameEmbedding(nn.Module):
    """Added to the timestep's embedding of each frame; zero at first.

    Chosen here: with relative positions alone the mini model drew the named object and never moved
    it, since nothing said which frame comes early and which late.

    With text, the prompt scales the features of the frame's number one by one. Where "left" is
    depends on word and frame together, and in a product a single trained matrix finds that; with
    both side by side as input of the first layer, 700 steps had not found it.
    """

    def __init__(self, features: int, width: int, text_dim: int | None = None) -> None:
        """Sizes it.

        Args:
            features: F.
            width: E.
            text_dim: D; None for an embedding that knows nothing of the prompt.
        """
        super().__init__()
        self.linear_1 = nn.Linear(features, width)
        self.gate = None if text_dim is None else nn.Linear(text_dim, width)
        self.linear_2 = nn.Linear(width, width)
        nn.init.zeros_(self.linear_2.weight)
        nn.init.zeros_(self.linear_2.bias)

    def forward(
        self, places: Float[Tensor, "T F"], text: Float[Tensor, "B D"]
    ) -> Float[Tensor, "#B T E"]:
        """Embeds frame numbers, for each of the prompts where it reads them."""
        hidden = functional.silu(self.linear_1(places))[None]
        if self.gate is not None:
            hidden = hidden * (1.0 + self.gate(text.to(places.dtype)))[:, None]
        embedded: Tensor = self.linear_2(hidden)
        return embedded
