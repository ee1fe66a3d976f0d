"""Latents in memory against encoding each clip anew."""

import pytest
import torch
from torch import distributed, multiprocessing

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


def _encode(tiny_base, count):
    autoencoder = VideoAutoencoder.from_pretrained(tiny_base)
    scenes = SceneClips(count, num_frames=3, fps=8.0, height=16, width=24)
    kept = encode_clips(SoundClips(scenes, seed=0), autoencoder, num_windows=1, num_workers=0)
    return [kept[index] for index in range(len(kept))]


def _encode_as(rank, tiny_base, folder):
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    torch.save([_encode(tiny_base, count) for count in (5, 1)], f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_processes_share_the_work_and_have_the_same(tiny_base, tmp_path):
    """Also where there are fewer clips than processes."""
    multiprocessing.spawn(_encode_as, (tiny_base, str(tmp_path)), nprocs=2)
    alone = _encode(tiny_base, 5)
    for rank in range(2):
        several, one = torch.load(tmp_path / f"{rank}.pt")
        assert [len(several), len(one)] == [5, 1]
        for item, wanted in zip([*several, *one], [*alone, alone[0]], strict=True):
            assert item["clip_id"] == wanted["clip_id"]
            torch.testing.assert_close(item["latents"], wanted["latents"])


def test_pixels_are_in_0_to_1_with_time_behind_colour():
    video = torch.randint(0, 256, (2, 3, 3, 4, 5), dtype=torch.uint8)
    pixels = to_pixels(video)
    assert pixels.shape == (2, 3, 3, 4, 5)
    assert pixels[1, 2, 0, 3, 4].item() == pytest.approx(video[1, 0, 2, 3, 4].item() / 255)
