"""The whole pass: everything once, then only what is missing; other settings are refused."""

import shutil
from dataclasses import replace

import pytest

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.latents.encode_dataset import encode_dataset
from hdvg.purge import purge
from hdvg.status import read_status
from hdvg.storage import Storage
from hdvg.verify import verify

UNITS = ("u00000", "u00001")


@pytest.fixture
def storage(filmed, tmp_path):
    shutil.copytree(filmed, tmp_path / "data")
    return Storage(tmp_path / "data")


class Counting:
    """Remembers how many frames each call had; fails when told to."""

    def __init__(self, encoder):
        self.encoder, self.calls, self.left = encoder, [], 99

    def __call__(self, device):
        assert device == "cpu"
        return self

    def encode(self, frames):
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        self.calls.append(len(frames))
        return self.encoder.encode(frames)


def _encode(storage, settings, load, **options):
    return encode_dataset(storage.root, "small", settings, load, device="cpu", **options)


def test_everything_is_encoded_once(storage, settings, block_means, capsys):
    load = Counting(block_means)
    first = _encode(storage, settings, load)
    assert (first.num_clips, first.num_encoded, first.num_made, first.num_left_out) == (4, 4, 4, 0)
    assert (first.units_before, first.units_made, first.bad) == (0, 2, [])
    files = [*Catalogue(storage).files("latents/small/")]
    assert first.nbytes == sum(storage.size(name) for name in files)
    assert load.calls == [24, 12, 16, 4]
    assert "vfmodel latents: 4/4 clips" in capsys.readouterr().err
    again = _encode(storage, settings, load)
    assert (again.num_encoded, again.num_made, again.units_before) == (4, 0, 2)
    assert load.calls == [24, 12, 16, 4]


def test_interrupted_it_goes_on_with_what_is_missing(storage, settings, block_means):
    load = Counting(block_means)
    load.left = 3
    with pytest.raises(KeyboardInterrupt):
        _encode(storage, settings, load)
    assert Catalogue(storage).units("latents.small") == ["u00000"]
    load.left, load.calls = 99, []
    again = _encode(storage, settings, load)
    assert (again.num_made, again.units_made, again.units_before) == (2, 1, 1)
    assert load.calls == [16, 4]
    assert storage.list_files("latents/small") == sorted(
        f"{unit}.{suffix}" for unit in UNITS for suffix in ("tar", "parquet")
    )


def test_other_latents_need_another_name_and_the_name_of_the_model_does_not_matter(
    storage, settings, block_means
):
    _encode(storage, settings, Counting(block_means))
    with pytest.raises(InputError, match=r"latent family 'small'.*dtype \(was 'float16', now"):
        _encode(storage, replace(settings, dtype="float32"), Counting(block_means))
    summary = _encode(storage, replace(settings, autoencoder="moved"), Counting(block_means))
    assert summary.num_made == 0


def test_a_bad_clip_is_counted_in_every_summary(storage, settings, block_means):
    path = storage.local_path("media/u00000.tar")
    content = bytearray(path.read_bytes())
    content[600] ^= 1
    path.write_bytes(content)
    first = _encode(storage, settings, Counting(block_means))
    assert (first.num_encoded, first.num_left_out) == (3, 1)
    assert [reason[:8] for reason in first.bad] == ["clip a: "]
    again = _encode(storage, settings, Counting(block_means))
    assert (again.num_left_out, again.bad) == (1, [])


def test_the_tools_of_the_dataset_know_the_family(storage, settings, block_means):
    _encode(storage, settings, Counting(block_means))
    assert read_status(storage).coverage == {"captions.alt_text": 4, "latents.small": 4}

    def damage():
        return verify(storage, deep=False, num_sampled=0, seed=0).damage

    keyframes_apart = damage()
    purge(storage, ["a"], [], "asked", "2026-01-31T12:00:00Z")
    assert read_status(storage).coverage == {"captions.alt_text": 3, "latents.small": 3}
    assert damage() == keyframes_apart
    for name in storage.list_files("latents/small"):
        assert b"a.npy" not in storage.read_bytes(f"latents/small/{name}")
    assert _encode(storage, settings, Counting(block_means)).num_made == 0
    [shard] = [n for n in storage.list_files("latents/small") if n.startswith("u00000-r1.tar")]
    path = storage.local_path(f"latents/small/{shard}")
    path.write_bytes(path.read_bytes()[:700])
    assert [line for line in damage() if shard in line]
    path.with_name("u7.tar").write_bytes(b"left")
    assert "latents/small/u7.tar: no commit names it" in damage()


def test_what_cannot_be_is_named(storage, settings, block_means):
    with pytest.raises(InputError, match="a latent family may hold only"):
        encode_dataset(storage.root, "a/b", settings, Counting(block_means))
    with pytest.raises(InputError, match="not found"):
        encode_dataset("/no/such/folder", "small", settings, Counting(block_means))
