"""Parts of a model folder, and what a user is told when there is none."""

import pytest
from diffusers import AutoencoderKL

from hdvg.errors import InputError
from vfmodel.pretrained import load_part


def test_a_part_is_loaded_from_its_subfolder(tiny_base):
    vae = load_part(AutoencoderKL, tiny_base, "vae")
    assert vae.config.scaling_factor == 0.5


@pytest.mark.parametrize("source", ["/no/such/model", "no-such-model", "a/b/c"])
def test_a_folder_that_is_not_there_is_named(source):
    with pytest.raises(InputError, match=source):
        load_part(AutoencoderKL, source, "vae")


def test_a_folder_without_the_part_is_named(tmp_path):
    with pytest.raises(InputError, match="'vae'"):
        load_part(AutoencoderKL, tmp_path, "vae")


def test_a_broken_part_is_named(tmp_path):
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "config.json").write_text("{")
    with pytest.raises(InputError, match=str(tmp_path)):
        load_part(AutoencoderKL, tmp_path, "vae")


def test_pickled_weights_are_never_read(tmp_path, tiny_base):
    (tmp_path / "vae").mkdir()
    source = load_part(AutoencoderKL, tiny_base, "vae")
    source.save_pretrained(tmp_path / "vae", safe_serialization=False)
    with pytest.raises(InputError, match="safetensors"):
        load_part(AutoencoderKL, tmp_path, "vae")
