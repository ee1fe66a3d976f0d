"""Settings survive a commit, frames are counted right, and families say what they lack."""

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commit_family import inputs_of
from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.errors import InputError
from hdvg.latents.latent_settings import (
    LatentSettings,
    count_frames,
    find_latent_families,
    read_latent_family,
)


def test_settings_come_back_from_a_commit(settings):
    assert LatentSettings.from_commit(settings.as_commit()) == settings
    assert settings.frame_shape == (4, 2, 3)
    assert settings.frame_nbytes == 4 * 2 * 3 * 2
    with pytest.raises(InputError, match="does not know latents with or without colour"):
        LatentSettings.from_commit(settings.as_commit() | {"colour": 1})


@pytest.mark.parametrize("fps", [1, 7.5, 8, 24, 30000 / 1001])
@pytest.mark.parametrize("duration_s", [0.02, 0.125, 0.13, 1.0, 2.999999999, 3.0, 3.0000001, 12.34])
def test_frames_are_the_grid_points_before_the_end(duration_s, fps):
    points = [k for k in range(1000) if k / fps < duration_s - 1e-6]
    assert count_frames(duration_s, fps) == max(1, len(points))


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _commit(storage, unit, settings, family="small"):
    inputs = inputs_of(read_commit(storage, BUILD, unit), "clips/")
    stage = f"latents.{family}"
    commit = Commit(
        stage=stage, unit=unit, files=(), rows={}, settings=settings.as_commit(), inputs=inputs
    )
    commit_unit(storage, commit)


def test_a_family_says_which_units_it_lacks(storage, settings):
    assert find_latent_families(storage.root) == {}
    _commit(storage, "u00001", settings)
    [family] = find_latent_families(storage.root).values()
    assert (family.name, family.settings, family.missing) == ("small", settings, ("u00000",))
    _commit(storage, "u00000", settings)
    assert read_latent_family(Catalogue(storage), "small").missing == ()


def test_families_that_are_not_there_or_differ_in_themselves_are_refused(storage, settings):
    with pytest.raises(InputError, match="no latent family 'small'; it has: none"):
        read_latent_family(Catalogue(storage), "small")
    _commit(storage, "u00000", settings)
    other = LatentSettings(**(settings.as_commit() | {"height": 99}))
    _commit(storage, "u00001", other)
    with pytest.raises(InputError, match=r"units of the latents 'small'.*differ"):
        read_latent_family(Catalogue(storage), "small")
