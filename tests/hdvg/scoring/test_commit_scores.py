from hdvg.catalogue import Catalogue
from hdvg.commits import Commit, find_damage, read_commit
from hdvg.scoring.commit_scores import commit_scores, inputs_of, is_scored

SETTINGS = {"version": 1}


def _commit(storage, area, **changes):
    inputs = inputs_of(storage, "u0", "clips/")
    given = {"settings": SETTINGS, "inputs": inputs} | changes
    blank = Commit(stage="scores.text", unit="u0", files=(), rows={}, **given)
    commit_scores(storage, "text", [{"clip_id": "a", "text_area": area}], blank)


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
    inputs = inputs_of(data, "u0", "clips/")
    assert list(inputs) == ["clips/u0.parquet"]
    assert not is_scored(data, "text", "u0", SETTINGS, inputs)
    _commit(data, 0.5)
    assert is_scored(data, "text", "u0", SETTINGS, inputs)
    assert not is_scored(data, "text", "u0", {"version": 2}, inputs)
    assert not is_scored(data, "text", "u0", SETTINGS, {"clips/u0.parquet": "other"})
