"""RCAN layer by layer over strips of a frame: the whole frame's result in a part of its memory.

Channel attention averages over the whole frame, so tiles that pass the network one after another
never agree, however far they overlap. Here each layer visits all strips before the next begins, and
the averages are the frame's. Only the two rows around the seams of each block are computed twice,
where one pass for each attention would compute the first block eight times.

Shape letters used in this file: C channels, H W pixels of the small frame, h w = scale x H,
scale x W, R rows of a strip.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal, cast

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from vfsr.rcan import RCAN, ChannelAttention, ResidualBlock, ResidualGroup

Border = Literal["replicate", "constant"]
"""What convolutions see beyond the frame: its edge again, or zeros as in training."""
Smooth = Callable[[int, Float[Tensor, "C"]], Float[Tensor, "C"]]
"""The number of an attention and the means of its channels, to the means that it shall use."""

# All convolutions of the doubling tail together reach 1 + 1/2 + 1/4 + 1/8 < 2 pixels.
_TAIL_REACH = 2


def use_as_they_are(layer: int, means: Float[Tensor, "C"]) -> Float[Tensor, "C"]:
    """The network's own attention."""
    return means


class StripNetwork:
    """An RCAN for inference, one frame at a time."""

    def __init__(
        self, network: RCAN, *, dtype: torch.dtype = torch.float32, border: Border = "replicate"
    ) -> None:
        """Takes a copy of the weights, on the device where they are.

        Args:
            network: The weights.
            dtype: Of features and weights; bfloat16 is faster where the device has it.
            border: With "replicate" a plain area stays plain up to the edge of the frame; with
                "constant" results are those of `RCAN.forward`.
        """
        self.config = network.config
        self.device = next(network.parameters()).device
        self.dtype, self.border = dtype, border
        own = copy.deepcopy(network).requires_grad_(False).eval()
        # In full precision, because bfloat16 has but 8 bits for 256 levels.
        self._sub_mean, self._add_mean = own.sub_mean, own.add_mean
        self._tail = _tail_on_cells(own).to(dtype)
        body = own.body.to(dtype)
        self._head, self._last = cast(nn.Conv2d, own.head.to(dtype)[0]), cast(nn.Conv2d, body[-1])
        self._groups = [_blocks_and_last(cast(ResidualGroup, group)) for group in list(body)[:-1]]

    @torch.no_grad()
    def __call__(
        self,
        frame: Float[Tensor, "3 H W"],
        rows: int,
        tail_rows: int,
        smooth: Smooth = use_as_they_are,
    ) -> Float[Tensor, "3 h w"]:
        """Upscales a frame.

        Args:
            frame: RGB in [0, 1], on any device. Maps of features lie there between layers, unless
                a strip is the whole frame.
            rows: Of a strip before the tail; any number of at least 1.
            tail_rows: Of a strip in the tail, also in rows of the small frame.
            smooth: Called for each attention, in the network's order.

        Returns:
            RGB in about [0, 1], not clipped, float32, on the frame's device.
        """
        store = self.device if rows >= frame.shape[1] else frame.device
        levels = self._sub_mean(frame[None].to(self.device).float() * 255)
        levels = levels.to(store, self.dtype).contiguous(memory_format=torch.channels_last)
        shallow = self._convolve(self._head, levels, rows)
        features, layer = shallow, 0
        for blocks, last in self._groups:
            inner = features
            for block in blocks:
                inner = self._refine(block, inner, rows, partial(smooth, layer))
                layer += 1
            features = self._convolve(last, inner, rows).add_(features)
        features = self._convolve(self._last, features, rows).add_(shallow)
        return self._enlarge(features, tail_rows).to(frame.device)

    def _convolve(
        self, conv: nn.Conv2d, x: Float[Tensor, "1 _ H W"], rows: int
    ) -> Float[Tensor, "1 _ H W"]:
        height = x.shape[2]
        out = _Map(x, conv.out_channels)
        for top, bottom in strips(height, rows):
            part = x[:, :, max(0, top - 1) : bottom + 1].to(self.device)
            out.put(top, self._convolve_rows(conv, part, top == 0, bottom == height))
        return out.whole

    def _refine(
        self,
        block: ResidualBlock,
        x: Float[Tensor, "1 C H W"],
        rows: int,
        smooth: Callable[[Float[Tensor, "C"]], Float[Tensor, "C"]],
    ) -> Float[Tensor, "1 C H W"]:
        """A residual block: the attention's means come in once all strips have passed."""
        first, _, second, attention = block.body
        assert isinstance(first, nn.Conv2d)
        assert isinstance(second, nn.Conv2d)
        assert isinstance(attention, ChannelAttention)
        height, width = x.shape[2:]
        out = _Map(x, second.out_channels)
        total = torch.zeros(second.out_channels, device=self.device)
        for top, bottom in strips(height, rows):
            part = x[:, :, max(0, top - 2) : bottom + 2].to(self.device)
            part = self._convolve_rows(first, part, top <= 1, bottom >= height - 1)
            part = self._convolve_rows(second, F.relu_(part), top == 0, bottom == height)
            total += part.sum(dim=(0, 2, 3), dtype=torch.float32)
            out.put(top, part)
        means = smooth(total / (height * width)).to(self.device, self.dtype)
        gates = attention.conv_du(means[None, :, None, None]).to(x.device)
        return out.whole.mul_(gates).add_(x)

    def _convolve_rows(
        self, conv: nn.Conv2d, part: Float[Tensor, "1 _ R W"], at_top: bool, at_bottom: bool
    ) -> Float[Tensor, "1 _ R2 W"]:
        """Loses a row above and below, except where the frame ends."""
        part = F.pad(part, (1, 1, int(at_top), int(at_bottom)), mode=self.border)
        return F.conv2d(part, conv.weight, conv.bias)

    def _enlarge(self, features: Float[Tensor, "1 C H W"], rows: int) -> Float[Tensor, "3 h w"]:
        """The tail, whose strips may be thinner: its maps are up to 16 times larger."""
        scale, height, width = self.config.scale, *features.shape[2:]
        large = torch.empty(3, height * scale, width * scale, device=features.device)
        # In whole pixels of the small frame: repeated edges of the larger maps would break the
        # pattern that a pixel's sub-pixels form.
        beside = _TAIL_REACH if self.border == "replicate" else 0
        for top, bottom in strips(height, rows):
            first, last = max(0, top - _TAIL_REACH), min(height, bottom + _TAIL_REACH)
            part, above = features[:, :, first:last].to(self.device), top - first
            if beside:
                pads = beside, beside, beside - above, beside - (last - bottom)
                part, above = F.pad(part, pads, mode="replicate"), beside
            part = self._add_mean(self._tail(part).float())[0] / 255
            inner = part[:, above * scale :, beside * scale :]
            size = (bottom - top) * scale, width * scale
            large[:, top * scale : bottom * scale] = inner[:, : size[0], : size[1]]
        return large


class _Map:
    """A map of features that is put together from strips where `like` lies."""

    def __init__(self, like: Float[Tensor, "1 _ H W"], channels: int) -> None:
        self._like, self._channels = like, channels
        self.whole: Tensor = like

    def put(self, top: int, part: Float[Tensor, "1 C R W"]) -> None:
        height, width = self._like.shape[2:]
        if part.shape[2] == height:
            self.whole = part.to(self._like.device)
            return
        if top == 0:
            self.whole = torch.empty(
                (1, self._channels, height, width),
                dtype=part.dtype,
                device=self._like.device,
                memory_format=torch.channels_last,
            )
        self.whole[:, :, top : top + part.shape[2]] = part


def strips(height: int, rows: int) -> Iterator[tuple[int, int]]:
    """First row and row behind the last of each strip; of nearly equal heights, at most `rows`."""
    count = -(-height // max(1, rows))
    for i in range(count):
        yield height * i // count, height * (i + 1) // count


def _blocks_and_last(group: ResidualGroup) -> tuple[list[ResidualBlock], nn.Conv2d]:
    *blocks, last = group.body
    return cast(list[ResidualBlock], blocks), cast(nn.Conv2d, last)


def _tail_on_cells(network: RCAN) -> nn.Sequential:
    """The network's tail, its last convolution before the last pixel shuffle instead of behind it.

    The same sums, but the largest map, 64 channels at full size, is not written and read once more
    for the shuffle: 145 instead of 246 ms of CPU for 344x192, and half the memory.
    """
    if network.config.tail == "direct":
        return network.tail
    doublings, to_rgb = cast(nn.Sequential, network.tail[0]), cast(nn.Conv2d, network.tail[1])
    return nn.Sequential(*list(doublings)[:-1], _before_shuffle(to_rgb), nn.PixelShuffle(2))


@torch.no_grad()
def _before_shuffle(conv: nn.Conv2d) -> nn.Conv2d:
    """A convolution of unshuffled channels; its result shuffled is `conv` of them shuffled."""
    outputs, inputs = conv.weight.shape[:2]
    weight = conv.weight.new_zeros(outputs, 2, 2, inputs, 2, 2, 3, 3)
    for y in range(2):
        for x in range(2):
            for dy in range(3):
                for dx in range(3):
                    # The neighbour's place among sub-pixels, and the offset of its pixel.
                    row, column = y + dy - 1, x + dx - 1
                    weight[:, y, x, :, row % 2, column % 2, row // 2 + 1, column // 2 + 1] = (
                        conv.weight[:, :, dy, dx]
                    )
    result = nn.Conv2d(4 * inputs, 4 * outputs, 3, padding=1).to(conv.weight.device)
    result.weight.copy_(weight.reshape(4 * outputs, 4 * inputs, 3, 3))
    assert conv.bias is not None
    assert result.bias is not None
    result.bias.copy_(conv.bias.repeat_interleave(4))
    return result.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
