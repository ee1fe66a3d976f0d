"""The image U-Net's training on single frames, and that it becomes a video U-Net."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.initialise import build_unet
from vfmodel.latent_clips import Encoded
from vfmodel.stand_in_training.image_unet import ImageUNetConfig, random_stills, train_image_unet
from vfmodel.text_encoder import PromptEncoder

TINY = ImageUNetConfig(channels=(8, 16), num_heads=(1, 2), norm_groups=4, num_steps=2, batch_size=2)


@pytest.fixture
def encoded():
    latents = torch.randn(3, 4, 1, 3, 5, generator=torch.Generator().manual_seed(0))
    return Encoded(latents, [{"caption": text} for text in "abc"], [])


def test_stills_come_with_their_captions(encoded):
    stills, captions = random_stills(encoded, 50, torch.Generator().manual_seed(1))
    assert stills.shape == (50, 4, 1, 3, 5)
    assert set(captions) == {"a", "b", "c"}
    for still, caption in zip(stills, captions, strict=True):
        assert torch.equal(still, encoded.latents["abc".index(caption)])


def test_what_it_trains_starts_a_video_model(encoded, tiny_base, tiny_unet, tmp_path):
    encoder = PromptEncoder.from_pretrained(tiny_base)
    unet = train_image_unet(encoded, encoder, TINY)
    unet.save_pretrained(tmp_path / "unet")
    video = build_unet(tiny_unet, str(tmp_path), seed=0)
    assert torch.equal(video.conv_in.weight, unet.conv_in.weight)


@pytest.mark.parametrize("name", ["num_clips", "num_stock", "num_steps", "batch_size"])
def test_counts_are_positive(name):
    with pytest.raises(InputError, match=f"{name} must be positive, got 0"):
        ImageUNetConfig(**{name: 0})
