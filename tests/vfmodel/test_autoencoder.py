"""The frozen autoencoder against plain calls of diffusers' own, frame by frame."""

import copy

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.autoencoder import VideoAutoencoder


@pytest.fixture(scope="module")
def autoencoder(tiny_base):
    return VideoAutoencoder.from_pretrained(tiny_base)


@pytest.fixture
def clips():
    return torch.rand(2, 3, 5, 16, 24, generator=torch.Generator().manual_seed(0))


def test_latents_are_those_of_each_frame_times_the_scaling_factor(autoencoder, clips):
    latents = autoencoder.encode(clips)
    assert latents.shape == (2, 4, 5, 2, 3)
    with torch.no_grad():
        for b in range(2):
            for t in range(5):
                frame = 2 * clips[b : b + 1, :, t] - 1
                want = 0.5 * autoencoder.vae.encode(frame).latent_dist.mean[0]
                torch.testing.assert_close(latents[b, :, t], want, atol=1e-5, rtol=1e-5)


def test_pixels_are_those_of_each_frame_in_0_to_1(autoencoder):
    latents = torch.randn(2, 4, 3, 2, 3, generator=torch.Generator().manual_seed(1))
    pixels = autoencoder.decode(latents)
    assert pixels.shape == (2, 3, 3, 16, 24)
    with torch.no_grad():
        raw = autoencoder.vae.decode(latents[1:, :, 2] / 0.5).sample[0]
    torch.testing.assert_close(pixels[1, :, 2], ((raw + 1) / 2).clamp(0, 1), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("chunk_frames", [1, 3, 4])
def test_chunks_change_nothing(autoencoder, clips, chunk_frames):
    chunked = VideoAutoencoder(autoencoder.vae, chunk_frames)
    latents = autoencoder.encode(clips)
    torch.testing.assert_close(chunked.encode(clips), latents, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(
        chunked.decode(latents), autoencoder.decode(latents), atol=1e-6, rtol=1e-5
    )


def test_it_is_frozen_shared_by_copies_and_tells_its_sizes(autoencoder):
    assert not any(p.requires_grad for p in autoencoder.vae.parameters())
    assert copy.deepcopy(autoencoder) is autoencoder
    assert (autoencoder.factor, autoencoder.latent_channels) == (8, 4)


def test_a_size_that_is_no_whole_number_of_cells_is_refused(autoencoder):
    with pytest.raises(InputError, match="width 20 is not a multiple of 8"):
        autoencoder.encode(torch.zeros(1, 3, 1, 16, 20))


def test_a_chunk_needs_a_frame(autoencoder):
    with pytest.raises(InputError, match="0"):
        VideoAutoencoder(autoencoder.vae, 0)
