"""A unit counts when its commit stands, and a commit can tell that its files changed."""

import json

import pytest

from hdvg.commits import (
    Commit,
    commit_unit,
    committed_units,
    find_damage,
    is_committed,
    read_commit,
)
from hdvg.errors import InputError
from hdvg.storage import Storage


@pytest.fixture
def storage(tmp_path):
    return Storage(tmp_path)


def _commit(storage, unit="u0"):
    files = (
        storage.write_bytes(f"clips/{unit}.parquet", b"rows"),
        storage.write_bytes(f"media/{unit}.tar", b"media"),
    )
    commit = Commit(
        stage="build", unit=unit, files=files, rows={"clips": 3}, timings={"download": 1.5}
    )
    commit_unit(storage, commit)
    return commit


def test_a_commit_is_read_back_as_it_was(storage):
    commit = _commit(storage)
    assert read_commit(storage, "build", "u0") == commit


def test_a_later_stage_says_what_its_rows_depend_on(storage):
    commit = Commit(
        stage="captions.blip2",
        unit="u0",
        files=(),
        rows={"captions": 0},
        settings={"model": "x", "num_beams": 1},
        inputs={"clips/u0.parquet": "00ff"},
    )
    commit_unit(storage, commit)
    assert read_commit(storage, "captions.blip2", "u0") == commit


def test_units_are_committed_one_by_one_and_by_stage(storage):
    assert committed_units(storage, "build") == []
    _commit(storage, "u1")
    _commit(storage, "u0")
    assert committed_units(storage, "build") == ["u0", "u1"]
    assert is_committed(storage, "build", "u1")
    assert not is_committed(storage, "build", "u2")
    assert committed_units(storage, "captions.blip2") == []


def test_the_file_is_json_that_a_person_can_read(storage, tmp_path):
    _commit(storage)
    body = json.loads((tmp_path / "commits/build/u0.json").read_text())
    assert body["schema_version"] == 1
    assert body["rows"] == {"clips": 3}
    assert [file["nbytes"] for file in body["files"]] == [4, 5]


def test_damage_is_found_by_size_and_deep_down_by_content(storage):
    commit = _commit(storage)
    assert find_damage(storage, commit, deep=True) == []
    storage.write_bytes("clips/u0.parquet", b"ROWS")
    assert find_damage(storage, commit) == []
    assert find_damage(storage, commit, deep=True) == [
        "clips/u0.parquet: content differs from its committed sha256"
    ]
    storage.write_bytes("clips/u0.parquet", b"longer")
    storage.remove("media/u0.tar")
    assert find_damage(storage, commit) == [
        "clips/u0.parquet: 6 bytes, committed 4",
        "media/u0.tar: missing",
    ]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b'{"schema_version": 1}'])
def test_a_file_that_is_no_commit_is_named(storage, content):
    storage.write_bytes("commits/build/u0.json", content)
    with pytest.raises(InputError, match=r"not a commit: .*commits/build/u0\.json"):
        read_commit(storage, "build", "u0")


def test_a_newer_version_is_refused_with_both_versions(storage):
    storage.write_bytes("commits/build/u0.json", b'{"schema_version": 9}')
    with pytest.raises(InputError, match="schema version 9, this is 1"):
        read_commit(storage, "build", "u0")


@pytest.mark.parametrize(("stage", "unit"), [("../x", "u0"), ("build", "a/b"), ("", "u0")])
def test_stage_and_unit_cannot_climb_out_of_the_folder(storage, stage, unit):
    with pytest.raises(InputError, match="may hold only"):
        is_committed(storage, stage, unit)
