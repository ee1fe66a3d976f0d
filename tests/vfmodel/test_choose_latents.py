"""Latents are read if they fit, named if they do not, and never mixed with pixels."""

import logging
from dataclasses import replace

import pytest

from hdvg.errors import InputError
from hdvg.latents.latent_settings import LatentFamily
from vfmodel import choose_latents as module
from vfmodel.autoencoder import VideoAutoencoder
from vfmodel.batch_order import Bucket
from vfmodel.choose_latents import agree, choose_latents
from vfmodel.latent_encoder import describe_latents

CLIP = {"height": 16, "width": 24, "fps": 8.0}


@pytest.fixture
def family(tiny_base):
    settings = describe_latents(tiny_base, dtype="float16", **CLIP)
    return LatentFamily(name="good", settings=settings, missing=())


@pytest.fixture
def choose(family, tiny_base, monkeypatch):
    """Chooses among families of these names and changes; the first is `family` as it is."""
    autoencoder = VideoAutoencoder.from_pretrained(tiny_base)

    def run(wanted, families=None, **clip):
        found = {"good": family} if families is None else families
        monkeypatch.setattr(module, "find_latent_families", lambda root: found)
        return choose_latents("data", wanted, autoencoder=autoencoder, **(CLIP | clip))

    return run


def test_a_family_that_fits_is_taken_by_name_or_by_itself(choose, family):
    assert choose("good") is family
    assert choose("auto") is family
    assert choose(None) is None
    assert choose("auto", {}) is None
    assert choose("auto", fps=4.0) is family


BAD = [
    ({"height": 32}, {}, "is of 32x24 pixels, not 16x24"),
    ({"fps": 12.0}, {}, "has 12 frames a second, which is no multiple of 8"),
    ({"autoencoder_sha256": "0" * 64}, {}, "was made by another autoencoder than this run's"),
    ({}, {"missing": ("u7", "u9")}, "lacks 2 of the dataset's units, such as u7"),
]


@pytest.mark.parametrize(("settings", "changes", "named"), BAD)
def test_what_does_not_fit_is_refused_by_name_and_passed_over_aloud(
    choose, family, caplog, settings, changes, named
):
    caplog.set_level(logging.INFO)
    bad = replace(family, name="bad", settings=replace(family.settings, **settings), **changes)
    with pytest.raises(InputError, match=f"latents: 'bad' of data {named}"):
        choose("bad", {"bad": bad, "good": family})
    assert choose("auto", {"bad": bad}) is None
    assert f"not trained from the latents 'bad' of data: it {named}" in caplog.text
    assert choose("auto", {"bad": bad, "good": family}) is family
    assert choose("good", {"bad": bad, "good": family}) is family


def test_an_unknown_name_lists_those_that_there_are(choose):
    with pytest.raises(InputError, match="data has no latent family 'x'; it has: good"):
        choose("x")


def test_sources_of_one_shape_are_all_latents_or_none(family):
    buckets = [
        Bucket(batch_size=2, sources=(0, 2), weights=(1.0, 1.0)),
        Bucket(batch_size=2, sources=(1,), weights=(1.0,)),
    ]
    auto = ["auto"] * 3
    assert agree([family] * 3, auto, buckets) == [family] * 3
    assert agree([family, family, None], auto, buckets) == [None, family, None]
    assert agree([family, None, family], auto, buckets) == [family, None, family]
    with pytest.raises(InputError, match="'good' is asked for, and another source"):
        agree([family, None, None], ["good", "auto", None], buckets)
