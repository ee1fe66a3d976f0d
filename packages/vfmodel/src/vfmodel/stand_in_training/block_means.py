"""A first guess for an autoencoder: latents are the mean colours of 8 x 8 blocks.

A small AutoencoderKL takes thousands of steps to find out that colours must pass its group norms.
Started from here it decodes to coarse blocks before the first step, and learns detail from then on.
Chosen here: random weights reached 21 dB after 1000 steps, where block means alone have 27.
"""

import math

import torch
from diffusers import AutoencoderKL
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn

# Red, green, blue, then their negatives: silu(x) - silu(-x) = x takes colours past the activation.
_COLOURS = 3
_CARRIER = 2 * _COLOURS
# A constant channel, so large that it alone decides what group norm (of one group) divides by.
_CARRIER_VALUE = 8.0
_NOISE = 0.02
_LOG_VARIANCE = -6.0


@torch.no_grad()
def start_as_block_means(vae: AutoencoderKL) -> None:
    """Sets the weights of a VAE with one norm group and >= 8 channels at every level."""
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            nn.init.zeros_(module.conv2.bias)
            if module.conv_shortcut is not None:
                _pass_on(module.conv_shortcut)
        elif isinstance(module, Downsample2D):
            _pass_on(module.conv, torch.tensor([[0.25, 0.25, 0], [0.25, 0.25, 0], [0, 0, 0]]))
        elif isinstance(module, Upsample2D):
            _pass_on(module.conv)
    for entry in (vae.encoder.conv_in, vae.decoder.conv_in):
        _enter(entry)
    for norm, leave in (
        (vae.encoder.conv_norm_out, vae.encoder.conv_out),
        (vae.decoder.conv_norm_out, vae.decoder.conv_out),
    ):
        _leave(norm, leave)
    _pass_on(vae.quant_conv)
    _pass_on(vae.post_quant_conv)
    # The latents that carry no colour look at everything, so that there is something to learn.
    vae.encoder.conv_out.weight[_COLOURS : vae.config.latent_channels] /= _NOISE
    vae.quant_conv.bias[vae.config.latent_channels :] = _LOG_VARIANCE


def _shrink(conv: nn.Conv2d) -> Tensor:
    """Leaves a little of the random weights, so that channels differ; returns the middle tap."""
    conv.weight.mul_(_NOISE)
    assert conv.bias is not None
    conv.bias.zero_()
    return conv.weight[:, :, conv.kernel_size[0] // 2, conv.kernel_size[1] // 2]


def _pass_on(conv: nn.Conv2d, taps: Tensor | None = None) -> None:
    """Each channel goes on as it is, or as weighted by the 3 x 3 taps."""
    middle = _shrink(conv)
    for channel in range(min(conv.in_channels, conv.out_channels)):
        if taps is None:
            middle[channel, channel] += 1.0
        else:
            conv.weight[channel, channel] += taps


def _enter(conv: nn.Conv2d) -> None:
    """The first channels become colours, negative colours and the carrier."""
    middle = _shrink(conv)
    for colour in range(_COLOURS):
        middle[colour, colour] += 1.0
        middle[colour + _COLOURS, colour] -= 1.0
    assert conv.bias is not None
    conv.bias[_CARRIER] = _CARRIER_VALUE


def _leave(norm: nn.GroupNorm, conv: nn.Conv2d) -> None:
    """Undoes the norm that the carrier causes, and joins colours with their negatives."""
    mean = _CARRIER_VALUE / norm.num_channels
    deviation = math.sqrt(_CARRIER_VALUE**2 / norm.num_channels - mean**2)
    norm.bias.fill_(mean / deviation)
    middle = _shrink(conv)
    for colour in range(_COLOURS):
        middle[colour, colour] += deviation
        middle[colour, colour + _COLOURS] -= deviation
