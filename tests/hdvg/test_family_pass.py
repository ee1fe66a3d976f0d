"""A pass finds what a family lacks, keeps its settings, and has the dataset to itself."""

import pytest

from hdvg.catalogue import Catalogue
from hdvg.claim import claim
from hdvg.commit_family import commit_family, inputs_of
from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.errors import InputError
from hdvg.family_pass import check_settings, list_missing, open_pass

STAGE = "scores.text"


@pytest.fixture
def storage(tmp_path, write_small_dataset):
    return write_small_dataset(tmp_path / "data")


def _score(storage, unit, settings=None):
    inputs = inputs_of(read_commit(storage, BUILD, unit), "clips/")
    commit = Commit(
        stage=STAGE, unit=unit, files=(), rows={}, settings=settings or {}, inputs=inputs
    )
    commit_family(storage, STAGE, "", [], commit)


def test_missing_are_units_without_a_commit_or_with_other_clips(storage):
    assert list_missing(Catalogue(storage), STAGE) == {"u00000": 4, "u00001": 4}
    _score(storage, "u00000")
    assert list_missing(Catalogue(storage), STAGE) == {"u00001": 4}
    _score(storage, "u00001")
    build = read_commit(storage, BUILD, "u00000")
    other = tuple(
        type(r)(name=r.name, nbytes=r.nbytes, sha256="0" * 64 if "clips/" in r.name else r.sha256)
        for r in build.files
    )
    commit_unit(storage, Commit(stage=BUILD, unit="u00000", files=other, rows=build.rows))
    assert list_missing(Catalogue(storage), STAGE) == {"u00000": 4}


def test_other_settings_are_named_unless_they_may_differ(storage):
    _score(storage, "u00000", {"model": "a", "seen": 1})
    catalogue = Catalogue(storage)
    check_settings(catalogue, STAGE, {"model": "a"})
    check_settings(catalogue, STAGE, {"model": "b", "seen": 1}, unless=["model"])
    with pytest.raises(InputError, match=r"score family 'text'.*model \(was 'a', now 'b'\)"):
        check_settings(catalogue, STAGE, {"model": "b", "seen": 1})


def test_a_session_does_the_units_and_tells_what_was_counted(storage):
    left = storage.local_path("scores/scan") / "u0-r9.parquet"
    left.write_bytes(b"left by a killed writer")

    def prepare():
        return lambda storage, unit, wanted: {"alive": wanted()}

    with open_pass(storage.root, "") as session:
        assert not left.exists()
        with pytest.raises(InputError, match="another process"), claim(storage):
            pass
        done = list(session.work(["u00000", "u00001"], "cpu", "testing", prepare))
        assert list(session.work([], "cpu", "testing", prepare)) == []
        assert session.nodes[0]["CPU"] >= 1
    assert done == [{"unit": u, "trouble": "", "alive": True} for u in ("u00000", "u00001")]
    with claim(storage):
        pass


def test_a_folder_that_is_no_dataset_is_refused(tmp_path):
    with pytest.raises(InputError, match="not found"), open_pass(str(tmp_path / "nowhere"), ""):
        pass
