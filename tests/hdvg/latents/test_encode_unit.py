"""Latents of real clips by an encoder that can be told from its output: mean colours of cells."""

import shutil

import numpy as np
import pytest

import hdvg
from hdvg.catalogue import Catalogue
from hdvg.commits import find_damage, read_commit
from hdvg.errors import InputError
from hdvg.latents import encode_unit as module
from hdvg.latents.encode_unit import encode_unit
from hdvg.latents.latent_shard import read_latents
from hdvg.make_unit import AbandonedError
from hdvg.storage import Storage

STAGE = "latents.small"


@pytest.fixture
def storage(filmed, tmp_path):
    shutil.copytree(filmed, tmp_path / "data")
    return Storage(tmp_path / "data")


def _rows(storage):
    rows = Catalogue(storage).family("latents", "small").to_pylist()
    return {row["clip_id"]: row for row in rows}


@pytest.mark.parametrize("piece", [128, 5])
def test_each_clip_has_the_latents_of_its_grid_frames(
    storage, settings, block_means, monkeypatch, piece
):
    monkeypatch.setattr(module, "_PIECE_FRAMES", piece)
    for unit in ("u00000", "u00001"):
        counts = encode_unit(storage, unit, "small", settings, block_means)
        assert counts == {"encoded": 2, "bad": []}
    rows = _rows(storage)
    assert {name: row["num_frames"] for name, row in rows.items()} == {
        "a": 24,
        "b": 12,
        "c": 16,
        "d": 4,
    }
    clips = hdvg.ClipDataset(storage.root, height=16, width=24, min_duration_s=0)
    for index, clip_id in enumerate(clips.rows["clip_id"].to_pylist()):
        count = rows[clip_id]["num_frames"]
        frames = clips.frames(index, [k / 8 for k in range(count)], 24, 16)
        wanted = block_means.encode(frames).astype(np.float16).astype(np.float32)
        found = read_latents(storage, rows[clip_id], range(count), settings)
        assert np.array_equal(found, wanted)


def test_the_commit_says_by_what_and_from_what(storage, settings, block_means):
    encode_unit(storage, "u00000", "small", settings, block_means)
    commit = read_commit(storage, STAGE, "u00000")
    assert commit.settings == settings.as_commit()
    assert list(commit.inputs) == ["clips/u00000.parquet"]
    assert commit.rows == {"latents": 2}
    names = [record.name for record in commit.files]
    assert names == ["latents/small/u00000.tar", "latents/small/u00000.parquet"]
    assert find_damage(storage, commit, deep=True) == []


def test_a_damaged_clip_costs_only_itself(storage, settings, block_means):
    row = Catalogue(storage).table("clips", "u00000").to_pylist()[0]
    path = storage.local_path(row["shard"])
    content = bytearray(path.read_bytes())
    content[row["offset"] + 100] ^= 1
    path.write_bytes(content)
    counts = encode_unit(storage, "u00000", "small", settings, block_means)
    assert counts["encoded"] == 1
    [reason] = counts["bad"]
    assert reason.startswith("clip a: ")
    assert "sha256" in reason
    assert list(_rows(storage)) == ["b"]


def test_a_clip_that_does_not_decode_or_explodes_is_left_out(
    storage, settings, block_means, monkeypatch
):
    class Exploding:
        def encode(self, frames):
            return block_means.encode(frames) * np.float32(np.inf if len(frames) == 16 else 1)

    decode = module.decode_clip

    def fail(content, row, *rest):
        if row["clip_id"] == "d":
            raise InputError("not a readable video")
        return decode(content, row, *rest)

    monkeypatch.setattr(module, "decode_clip", fail)
    counts = encode_unit(storage, "u00001", "small", settings, Exploding())
    assert counts["encoded"] == 0
    assert counts["bad"] == [
        "latents of c are not finite as float16",
        "clip d: not a readable video",
    ]
    assert read_commit(storage, STAGE, "u00001").rows == {"latents": 0}


def test_a_missing_shard_is_no_bad_clip(storage, settings, block_means):
    storage.remove("media/u00000.tar")
    with pytest.raises(InputError, match=r"file not found: .*media/u00000\.tar"):
        encode_unit(storage, "u00000", "small", settings, block_means)
    assert Catalogue(storage).units(STAGE) == []


def test_nobody_wants_it_any_more(storage, settings, block_means):
    with pytest.raises(AbandonedError):
        encode_unit(storage, "u00000", "small", settings, block_means, wanted=lambda: False)
    assert storage.list_files("latents/small") == []


def test_done_again_it_replaces_what_was_there(storage, settings, block_means):
    encode_unit(storage, "u00000", "small", settings, block_means)
    first = storage.read_bytes("latents/small/u00000.tar")
    encode_unit(storage, "u00000", "small", settings, block_means)
    assert storage.list_files("latents/small") == ["u00000-r1.parquet", "u00000-r1.tar"]
    assert storage.read_bytes("latents/small/u00000-r1.tar") == first
