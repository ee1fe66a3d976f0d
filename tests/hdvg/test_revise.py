"""A revision is one moment: before it the old unit, after it the new one, never anything else."""

import dataclasses
import uuid

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, Commit, commit_unit, find_damage, read_commit
from hdvg.revise import find_leftovers, remove_leftovers, replace_commit, revision_stem
from hdvg.storage import FileRecord, Storage


def _leftovers(storage):
    return find_leftovers(storage, Catalogue(storage).files())


@pytest.fixture(params=["local", "remote"])
def storage(request, tmp_path):
    if request.param == "local":
        return Storage(tmp_path / "data")
    return Storage(f"memory://bucket-{uuid.uuid4().hex}/data")


def _commit(*names):
    files = tuple(FileRecord(name=name, nbytes=1, sha256="x") for name in names)
    return Commit(stage=BUILD, unit="u00000", files=files, rows={})


def test_new_files_get_a_stem_that_no_file_of_the_unit_has():
    assert revision_stem(_commit("media/u00000.tar", "clips/u00000.parquet")) == "u00000-r1"
    several = _commit("media/u00000.tar", "media/u00000-r2.tar", "clips/u00000-r10.parquet")
    assert revision_stem(several) == "u00000-r11"
    assert revision_stem(_commit()) == "u00000-r1"


def _write(storage, stem, content, kept=()):
    names = (f"media/{stem}.tar", f"captions/alt_text/{stem}.parquet")
    files = [storage.write_bytes(name, content) for name in names]
    return Commit(stage=BUILD, unit="u00000", files=(*kept, *files), rows={})


def _revise(storage):
    old = read_commit(storage, BUILD, "u00000")
    [tar] = [record for record in old.files if record.name == "media/u00000.tar"]
    replace_commit(storage, old, _write(storage, revision_stem(old), b"new", kept=(tar,)))


def _state(storage):
    commit = read_commit(storage, BUILD, "u00000")
    assert find_damage(storage, commit, deep=True) == []
    return {record.name: storage.read_bytes(record.name) for record in commit.files}


def test_killed_at_any_moment_the_unit_is_old_or_new_and_leftovers_go(storage, crash_at):
    commit_unit(storage, _write(storage, "u00000", b"old"))
    before = _state(storage)
    after = {
        "media/u00000.tar": b"old",
        "media/u00000-r1.tar": b"new",
        "captions/alt_text/u00000-r1.parquet": b"new",
    }
    seen = []
    for number in range(1, 10):
        crash_at(number)
        try:
            _revise(storage)
        except KeyboardInterrupt:
            crash_at(0)
            found = _state(storage)
            assert found in (before, after)
            seen.append(found == after)
            remove_leftovers(Catalogue(storage))
            assert _leftovers(storage) == []
            assert _state(storage) == found
            # As it was, for the next moment.
            for name in found:
                storage.remove(name)
            commit_unit(storage, _write(storage, "u00000", b"old"))
        else:
            break
    crash_at(0)
    assert _state(storage) == after
    assert _leftovers(storage) == []
    # Two files, the commit, and one removal, in this order.
    assert seen == [False, False, False, True]


def test_only_what_no_commit_names_is_a_leftover(tmp_path, write_small_dataset):
    storage = write_small_dataset(tmp_path / "data")
    assert _leftovers(storage) == []
    extra = ["captions/blip2/u00007.parquet", "media/u00000-r1.tar", "scores/text/u00000.parquet"]
    for name in extra:
        storage.write_bytes(name, b"half")
    (tmp_path / "data/media/.u00009.tar.1.partial").touch()
    assert _leftovers(storage) == extra
    before = Catalogue(storage).files()
    assert remove_leftovers(Catalogue(storage)) == 4
    assert _leftovers(storage) == []
    assert not list((tmp_path / "data").rglob("*.partial"))
    assert Catalogue(storage).files() == before
    assert all(storage.exists(name) for name in before)


def test_a_commit_is_only_replaced_by_one_of_the_same_unit(storage):
    old = _write(storage, "u00000", b"old")
    with pytest.raises(AssertionError):
        replace_commit(storage, old, dataclasses.replace(old, unit="u00001"))
