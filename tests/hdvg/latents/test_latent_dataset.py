"""Latents of a window are the encoded frames of the very window that `ClipDataset` shows."""

import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest

import hdvg
from hdvg.commits import commit_unit, read_commit
from hdvg.errors import InputError
from hdvg.latents.encode_unit import encode_unit
from hdvg.latents.latent_dataset import LatentDataset
from hdvg.storage import Storage


@pytest.fixture
def storage(filmed, tmp_path):
    shutil.copytree(filmed, tmp_path / "data")
    return Storage(tmp_path / "data")


def _encode(storage, settings, encoder, units=("u00000", "u00001")):
    for unit in units:
        encode_unit(storage, unit, "small", settings, encoder)


def _clips(storage, grid_fps=8.0, **options):
    sizes = {"num_frames": 8, "fps": 8.0, "height": 16, "width": 24}
    return hdvg.ClipDataset(storage.root, grid_fps=grid_fps, **(sizes | options))


@pytest.mark.parametrize(("rate", "num_frames"), [(8.0, 8), (24.0, 8), (8.0, 1), (16.0, 3)])
@pytest.mark.parametrize("window", ["random", "centre"])
def test_windows_are_those_of_the_pixels(storage, settings, block_means, rate, num_frames, window):
    settings = replace(settings, fps=rate, dtype="float32")
    _encode(storage, settings, block_means)
    clips = _clips(storage, rate, num_frames=num_frames, window=window)
    latents = LatentDataset(_clips(storage, rate, num_frames=num_frames, window=window), "small")
    assert len(latents) == len(clips) == (4 if num_frames < 8 else 3)
    assert latents.num_left_out == 0
    seen = set()
    for epoch in range(6):
        clips.set_epoch(epoch)
        latents.set_epoch(epoch)
        for index in range(len(clips)):
            shown, item = clips[index], latents[index]
            wanted = block_means.encode(shown["video"]).transpose(1, 0, 2, 3)
            assert item["latents"].dtype == np.float32
            assert np.array_equal(item["latents"], wanted)
            for name in ("caption", "clip_id", "fps"):
                assert item[name] == shown[name]
            seen.add((index, clips.frame_times_s(index)[0]))
    assert (len(seen) > 2 * len(clips)) == (window == "random")


def test_halves_are_the_rounded_numbers(storage, settings, block_means):
    _encode(storage, settings, block_means)
    clips, latents = _clips(storage), LatentDataset(_clips(storage), "small")
    wanted = block_means.encode(clips[0]["video"]).astype(np.float16)
    assert np.array_equal(latents[0]["latents"], wanted.transpose(1, 0, 2, 3))


def test_clips_without_latents_are_left_out_and_windows_stay(storage, settings, block_means):
    class Choosy:
        def encode(self, frames):
            return block_means.encode(frames) * np.float32(np.nan if len(frames) == 12 else 1)

    _encode(storage, settings, Choosy())
    clips, latents = _clips(storage), LatentDataset(_clips(storage), "small")
    assert (len(latents), latents.num_left_out) == (2, 1)
    assert [latents[k]["clip_id"] for k in range(2)] == ["a", "c"]
    wanted = block_means.encode(clips[2]["video"]).astype(np.float16).transpose(1, 0, 2, 3)
    assert np.array_equal(latents[1]["latents"], wanted)
    assert np.array_equal(latents[-1]["latents"], wanted)
    with pytest.raises(IndexError, match="clip 2 of 2"):
        latents[2]


def test_selection_captions_and_seed_are_the_clips(storage, settings, block_means):
    _encode(storage, settings, block_means)
    chosen = LatentDataset(_clips(storage, select="'about c' in caption_alt_text"), "small")
    assert [chosen[k]["caption"] for k in range(len(chosen))] == ["words about c"]
    mute = LatentDataset(_clips(storage, captions=None), "small")
    assert mute[0]["caption"] == ""
    again = pickle.loads(pickle.dumps(mute))
    assert np.array_equal(again[1]["latents"], mute[1]["latents"])


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"height": 24}, "have height 16, not 24"),
        ({"grid_fps": None}, "have grid_fps 8, not None"),
        ({"fps": 3.0, "num_frames": 3}, "8 frames a second, which is no multiple of 3"),
    ],
)
def test_what_does_not_fit_is_named(storage, settings, block_means, options, named):
    _encode(storage, settings, block_means)
    with pytest.raises(InputError, match=f"the latents 'small' of .*{named}"):
        LatentDataset(_clips(storage, **options), "small")


def test_a_family_that_lacks_units_is_refused(storage, settings, block_means):
    with pytest.raises(InputError, match="no latent family 'small'"):
        LatentDataset(_clips(storage), "small")
    _encode(storage, settings, block_means, units=["u00001"])
    with pytest.raises(InputError, match="lack 1 of the dataset's units, such as u00000"):
        LatentDataset(_clips(storage), "small")
    _encode(storage, settings, block_means, units=["u00000"])
    LatentDataset(_clips(storage), "small")
    old = read_commit(storage, "latents.small", "u00001")
    commit_unit(storage, replace(old, inputs={"clips/u00001.parquet": "0" * 64}))
    with pytest.raises(InputError, match="such as u00001"):
        LatentDataset(_clips(storage), "small")


def test_a_damaged_window_is_an_input_error(storage, settings, block_means):
    _encode(storage, settings, block_means)
    path = storage.local_path("latents/small/u00000.tar")
    path.write_bytes(bytes(255 - byte for byte in path.read_bytes()))
    latents = LatentDataset(_clips(storage), "small")
    with pytest.raises(InputError, match=r"clip a cannot be read: .*u00000\.tar"):
        latents[0]
    assert latents[2]["clip_id"] == "c"
