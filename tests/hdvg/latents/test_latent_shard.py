"""Latents come back as numpy itself reads them out of the tar, and damage is named."""

import io
import tarfile

import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentSettings
from hdvg.latents.latent_shard import add_latents, read_latents
from hdvg.shards import TarWriter
from hdvg.storage import Storage

SHARD = "latents/small/u0.tar"


def _write(storage, settings, latents):
    with storage.writing(SHARD) as file, TarWriter(file) as tar:
        return {
            name: add_latents(tar, SHARD, name, array, settings) for name, array in latents.items()
        }


@pytest.fixture
def latents():
    rng = np.random.default_rng(0)
    return {f"c{n}": rng.standard_normal((n, 4, 2, 3)).astype(np.float32) for n in (1, 5, 9)}


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_any_frames_come_back_as_numpy_reads_them(tmp_path, settings, latents, dtype):
    settings = LatentSettings(**(settings.as_commit() | {"dtype": dtype}))
    storage = Storage(tmp_path)
    rows = _write(storage, settings, latents)
    with tarfile.open(tmp_path / SHARD) as tar:
        whole = {
            info.name.removesuffix(".npy"): np.load(io.BytesIO(tar.extractfile(info).read()))
            for info in tar
        }
    for name, array in latents.items():
        assert whole[name].dtype == dtype
        assert np.array_equal(whole[name], array.astype(dtype))
        count = len(array)
        assert rows[name]["num_frames"] == count
        for numbers in ([0], [count - 1], list(range(count)), list(range(0, count, 3))):
            read = read_latents(storage, rows[name], numbers, settings)
            assert read.dtype == np.float32
            assert np.array_equal(read, whole[name][numbers].astype(np.float32))


def test_a_flipped_bit_is_named_where_it_is_read(tmp_path, settings, latents):
    storage = Storage(tmp_path)
    row = _write(storage, settings, latents)["c5"]
    path = tmp_path / SHARD
    content = bytearray(path.read_bytes())
    content[row["offset"] + row["nbytes"] - 1] ^= 1
    path.write_bytes(content)
    read_latents(storage, row, [0, 1, 2, 3], settings)
    with pytest.raises(InputError, match=r"clip c5 cannot be read: frame 4 in .*u0\.tar.*CRC-32"):
        read_latents(storage, row, [3, 4], settings)
    path.write_bytes(content[: row["offset"] + 200])
    with pytest.raises(InputError, match="ends too early"):
        read_latents(storage, row, [0, 4], settings)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e6])
def test_what_the_dtype_cannot_hold_is_refused(tmp_path, settings, latents, bad):
    latents["c5"][3, 1, 1, 1] = bad
    with pytest.raises(InputError, match="latents of c5 are not finite as float16"):
        _write(Storage(tmp_path), settings, latents)
    assert not (tmp_path / SHARD).exists()
