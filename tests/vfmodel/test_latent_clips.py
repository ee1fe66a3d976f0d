"""Latents in memory against encoding each clip anew."""

import pytest
import torch

from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.latent_clips import encode_clips, to_pixels
from vfmodel.scene_clips import SceneClips
from vfmodel.sound_clips import SoundClips


def test_each_clip_is_kept_in_every_time_window(tiny_base):
    autoencoder = VideoAutoencoder.from_pretrained(tiny_base)
    scenes = SceneClips(5, num_frames=3, fps=8.0, height=16, width=24)
    kept = encode_clips(SoundClips(scenes, seed=0), autoencoder, num_windows=2, num_workers=0)
    assert len(kept) == 5
    for epoch in range(4):
        kept.set_epoch(epoch)
        scenes.set_epoch(epoch % 2)
        for index in range(5):
            item, source = kept[index], scenes[index]
            video = torch.from_numpy(source["video"])[None]
            torch.testing.assert_close(
                item["latents"], autoencoder.encode(to_pixels(video))[0], atol=1e-5, rtol=1e-5
            )
            for name in ("caption", "clip_id", "fps"):
                assert item[name] == source[name]


def test_pixels_are_in_0_to_1_with_time_behind_colour():
    video = torch.randint(0, 256, (2, 3, 3, 4, 5), dtype=torch.uint8)
    pixels = to_pixels(video)
    assert pixels.shape == (2, 3, 3, 4, 5)
    assert pixels[1, 2, 0, 3, 4].item() == pytest.approx(video[1, 0, 2, 3, 4].item() / 255)
