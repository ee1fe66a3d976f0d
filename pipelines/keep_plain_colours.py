"""The last step of the shipped upscaler's recipe: plain areas keep their colour.

Training leaves plain areas a little off, each colour in its own way: greys by up to 1.8 levels of
255, strong colours by 3.6. An affine map from the colours that come out to those that went in takes
away what it can, and is no layer of its own: the last convolution takes it in.
"""

from itertools import product

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn

from vfsr.rcan import RCAN
from vfsr.strips import StripNetwork

_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SIDE = 8


@torch.no_grad()
def keep_plain_colours(network: RCAN) -> None:
    """Changes the last convolution so that 125 plain colours come out least wrong.

    The map is the one with the least squares over all of them. The frames are of one colour each,
    5 x 5 x 5 steps of red, green and blue.
    """
    given = torch.tensor(list(product(_STEPS, repeat=3)))
    matrix, offset = _affine(plain_colours(network, given), given)
    *_, last = (layer for layer in network.tail.modules() if isinstance(layer, nn.Conv2d))
    assert last.bias is not None
    # The convolution's result is in levels around the mean colour; a direct tail's has several
    # pixels of each colour.
    mean = network.add_mean.bias
    shift = matrix @ mean + 255 * offset - mean
    weight = rearrange(last.weight, "(c p) i y x -> c p i y x", c=3)
    last.weight.copy_(torch.einsum("cd,dpiyx->cpiyx", matrix, weight).flatten(0, 1))
    bias = matrix @ rearrange(last.bias, "(c p) -> c p", c=3) + shift[:, None]
    last.bias.copy_(bias.flatten())


def plain_colours(network: RCAN, given: Float[Tensor, "K 3"]) -> Float[Tensor, "K 3"]:
    """What becomes of frames of one colour each: the mean colours, RGB in about [0, 1]."""
    upscale = StripNetwork(network)
    return torch.stack(
        [
            upscale(colour[:, None, None].expand(3, _SIDE, _SIDE), _SIDE, _SIDE).mean((1, 2))
            for colour in given
        ]
    )


def _affine(
    source: Float[Tensor, "K 3"], target: Float[Tensor, "K 3"]
) -> tuple[Float[Tensor, "3 3"], Float[Tensor, "3"]]:
    """The matrix and the offset that bring `source` closest to `target`."""
    extended = torch.cat([source, torch.ones(len(source), 1)], dim=1)
    solution = torch.linalg.lstsq(extended, target).solution
    return solution[:3].T, solution[3]
