"""Rows of a family are committed and replaced as a whole, and hold as long as their inputs do."""

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commit_family import commit_family, inputs_of, is_current
from hdvg.commits import Commit, find_damage, read_commit

SETTINGS = {"version": 1}
TABLES = {
    "videos": [{"video_id": "v"}],
    "clips": [{"clip_id": "a", "video_id": "v", "end_s": 1.0}],
}


@pytest.fixture
def data(write_tables, tmp_path):
    """One unit of one clip."""
    return write_tables(tmp_path / "d", {"u0": TABLES})


def _inputs(storage):
    return inputs_of(read_commit(storage, "build", "u0"), "clips/")


def _commit(storage, area):
    blank = Commit(
        stage="scores.text",
        unit="u0",
        files=(),
        rows={},
        settings=SETTINGS,
        inputs=_inputs(storage),
    )
    commit_family(storage, "scores.text", "", [{"clip_id": "a", "text_area": area}], blank)


def test_scores_are_committed_and_replaced_as_a_whole(data):
    for number, area in enumerate([0.25, 0.5, 0.75]):
        _commit(data, area)
        commit = read_commit(data, "scores.text", "u0")
        stem = f"u0-r{number}" if number else "u0"
        assert [record.name for record in commit.files] == [f"scores/text/{stem}.parquet"]
        assert data.list_files("scores/text") == [f"{stem}.parquet"]
        assert commit.rows == {"scores.text": 1}
        assert find_damage(data, commit, deep=True) == []
        table = Catalogue(data).family("scores", "text")
        assert table.to_pylist() == [{"clip_id": "a", "text_area": area}]


def test_scores_hold_as_long_as_what_they_were_made_from(data):
    inputs = _inputs(data)
    assert list(inputs) == ["clips/u0.parquet"]
    assert not is_current(Catalogue(data).find("scores.text", "u0"), SETTINGS, inputs)
    _commit(data, 0.5)
    made = Catalogue(data).find("scores.text", "u0")
    assert is_current(made, SETTINGS, inputs)
    assert not is_current(made, {"version": 2}, inputs)
    assert not is_current(made, SETTINGS, {"clips/u0.parquet": "other"})
