"""Tells autoencoders apart by what they compute, wherever they lie and whatever they are called."""

import hashlib
import json

import numpy as np
import torch
from diffusers import AutoencoderKL

# Settings that change an encoder's output and not the shapes of its weights. Everything else about
# the architecture shows in the names and shapes.
_SETTINGS = ("act_fn", "norm_num_groups", "scaling_factor", "shift_factor")
# What lies between pixels and the posterior's mean; two models may share these and differ in their
# decoders, as the improved decoders of Stable Diffusion do.
_ENCODING = ("encoder.", "quant_conv.")


def fingerprint(vae: AutoencoderKL) -> str:
    """Hex SHA-256 of the encoder's weights, as float32, and of settings that bear on latents."""
    digest = hashlib.sha256()
    settings = {name: vae.config.get(name) for name in _SETTINGS}
    digest.update(json.dumps(settings, sort_keys=True).encode())
    for name, weight in sorted(vae.state_dict().items()):
        if name.startswith(_ENCODING):
            digest.update(f"{name}{tuple(weight.shape)}".encode())
            values = weight.detach().to("cpu", torch.float32).contiguous().numpy()
            digest.update(values.astype(np.dtype("<f4"), copy=False).tobytes())
    return digest.hexdigest()
