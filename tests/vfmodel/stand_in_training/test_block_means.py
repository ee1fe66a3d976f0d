"""The first guess of the autoencoder against plain averaging of 8 x 8 blocks."""

import torch
from torch.nn import functional

from vfmodel.stand_in_training import block_means
from vfmodel.stand_in_training.vae import build_vae


def test_without_noise_it_is_block_averaging_and_nothing_else(monkeypatch):
    monkeypatch.setattr(block_means, "_NOISE", 1e-6)
    torch.manual_seed(0)
    vae = build_vae((8, 8, 16, 16)).eval()
    block_means.start_as_block_means(vae)
    coarse = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(1)) - 0.5
    pixels = functional.interpolate(coarse, scale_factor=8)
    pixels = pixels + 0.05 * torch.randn(pixels.shape, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        decoded = vae.decode(vae.encode(pixels).latent_dist.mean).sample
    want = functional.interpolate(functional.avg_pool2d(pixels, 8), scale_factor=8)
    # The group norms divide by what the picture itself adds to the carrier, a few per cent.
    assert (decoded - want).abs().mean() < 0.02


def test_every_parameter_can_learn_from_there():
    torch.manual_seed(0)
    vae = build_vae((8, 8, 16, 16))
    block_means.start_as_block_means(vae)
    optimiser = torch.optim.SGD(vae.parameters(), lr=0.01)
    pixels = torch.rand(2, 3, 16, 16) * 2 - 1
    for _ in range(3):
        optimiser.zero_grad()
        posterior = vae.encode(pixels).latent_dist
        decoded = vae.decode(posterior.sample(torch.Generator().manual_seed(0))).sample
        (functional.l1_loss(decoded, pixels) + 1e-3 * posterior.kl().mean()).backward()
        optimiser.step()
    dead = [name for name, p in vae.named_parameters() if p.grad is None or not p.grad.any()]
    assert dead == []
