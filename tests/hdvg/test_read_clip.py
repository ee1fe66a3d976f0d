"""A clip by its row: the bytes that lie in the shard, and frames without black bars."""

import tarfile

import numpy as np
import pytest

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.read_clip import clip_bytes, decode_clip
from hdvg.storage import DamagedFileError, MissingFileError, Storage
from hdvg.video import decode


@pytest.fixture
def rows(filmed):
    return {row["clip_id"]: row for row in Catalogue(Storage(filmed)).table("clips").to_pylist()}


def test_the_bytes_are_those_that_tar_finds(filmed, rows):
    for clip_id, row in rows.items():
        with tarfile.open(filmed / row["shard"]) as tar:
            assert clip_bytes(Storage(filmed), row) == tar.extractfile(f"{clip_id}.mp4").read()


def test_frames_are_those_on_screen_without_black_bars(filmed, rows, tmp_path):
    row = rows["b"]
    path = tmp_path / "b.mp4"
    path.write_bytes(clip_bytes(Storage(filmed), row))
    pictures = np.stack([frame.to_ndarray(format="rgb24") for frame in decode(path)])
    pictures = pictures.transpose(0, 3, 1, 2).astype(int)
    for crop, shown in ((None, pictures), (0, pictures[:, :, 8:40])):
        height = shown.shape[2]
        content = path.read_bytes()
        frames = decode_clip(content, {**row, "crop_x": crop}, [0.0, 0.5], 64, height)
        assert frames.shape == (2, 3, height, 64)
        for frame, number in zip(frames, (0, 4), strict=True):  # 8 frames a second
            differences = np.abs(shown - frame).mean(axis=(1, 2, 3))
            assert differences.argmin() == number
            # FFmpeg's quick conversion doubles the chroma's pixels, ours interpolates.
            assert differences[number] < 10 < np.sort(differences)[1]


def test_damage_and_absence_are_told_apart(filmed, rows):
    storage = Storage(filmed)
    with pytest.raises(DamagedFileError, match="sha256"):
        clip_bytes(storage, {**rows["a"], "sha256": "0" * 64})
    with pytest.raises(DamagedFileError, match="ends too early"):
        clip_bytes(storage, {**rows["a"], "nbytes": 10**9})
    with pytest.raises(MissingFileError, match="media/no"):
        clip_bytes(storage, {**rows["a"], "shard": "media/no.tar"})
    with pytest.raises(InputError, match="not a readable video"):
        decode_clip(b"no video", rows["a"], [0.0], 8, 8)
