"""What the pass encodes is what diffusers' autoencoder gives, and what training would encode."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.fingerprint import fingerprint
from vfmodel.latent_clips import to_pixels
from vfmodel.latent_encoder import describe_latents, load_encoder


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (11, 3, 16, 24), np.uint8)


def _load(base):
    autoencoder = VideoAutoencoder.from_pretrained(base)
    return load_encoder(base, fingerprint(autoencoder.vae), "cpu")


def test_latents_are_the_scaled_means_of_each_frame(tiny_base, frames):
    vae = AutoencoderKL.from_pretrained(tiny_base, subfolder="vae", low_cpu_mem_usage=False)
    pixels = torch.from_numpy(frames) / 127.5 - 1
    with torch.no_grad():
        wanted = torch.cat([vae.encode(frame[None]).latent_dist.mean for frame in pixels]) * 0.5
    found = _load(tiny_base).encode(frames)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted.numpy(), atol=2e-6)


def test_any_window_is_bit_for_bit_what_training_encodes_on_the_fly(tiny_base, frames):
    """In float32 on a CPU: neither the other frames nor the chunks change a frame's latent."""
    whole = _load(tiny_base).encode(frames)
    autoencoder = VideoAutoencoder.from_pretrained(tiny_base)
    windows = torch.from_numpy(np.stack([frames[1:9], frames[3:11]]))
    fly = autoencoder.encode(to_pixels(windows)).transpose(1, 2).numpy()
    assert np.array_equal(fly[0], whole[1:9])
    assert np.array_equal(fly[1], whole[3:11])


def test_the_description_fits_what_comes_out(tiny_base, frames):
    settings = describe_latents(tiny_base + "/", height=16, width=24, fps=8.0, dtype="float16")
    assert settings.frame_shape == _load(tiny_base).encode(frames).shape[1:]
    assert settings.autoencoder == tiny_base.rsplit("/", 1)[-1]
    with pytest.raises(InputError, match="width 25 is not a multiple of 8"):
        describe_latents(tiny_base, height=16, width=25, fps=8.0, dtype="float16")


def test_another_model_on_another_machine_is_refused(tiny_base):
    with pytest.raises(InputError, match="another one on this machine"):
        load_encoder(tiny_base, "0" * 64, "cpu")
