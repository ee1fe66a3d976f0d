import pytest

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.scoring.score_repeats import score_repeats


def _rows(storage):
    table = Catalogue(storage).family("scores", "repeats")
    return {row["clip_id"]: row for row in table.to_pylist()}


def _files(storage):
    return storage.list_files("scores/repeats")


def test_copies_are_found_across_units_and_captions_counted(data):
    counts = score_repeats(Catalogue(data), "alt_text", 6)
    assert counts == {"duplicates": 1, "repeated_captions": 2, "units": 2}
    rows = _rows(data)
    assert {name: row["duplicate_of"] for name, row in rows.items()} == {
        "a": None, "b": None, "c": "a", "d": None,
    }  # fmt: skip
    assert [row["caption_repeats"] for row in rows.values()] == [1, 1, 0, 0]


def test_only_units_that_change_are_committed_again(data, grow):
    score_repeats(Catalogue(data), "alt_text", 6)
    assert score_repeats(Catalogue(data), "alt_text", 6)["units"] == 0
    grow()
    # e looks like b and says what c says: u1's rows change, u0's do not.
    assert score_repeats(Catalogue(data), "alt_text", 6)["units"] == 2
    assert _files(data) == ["u0.parquet", "u1-r1.parquet", "u2.parquet"]
    assert _rows(data)["e"] == {"clip_id": "e", "duplicate_of": "b", "caption_repeats": 1}
    assert _rows(data)["c"]["caption_repeats"] == 1


def test_another_distance_is_another_result(data):
    score_repeats(Catalogue(data), "alt_text", 6)
    assert score_repeats(Catalogue(data), "alt_text", 0)["units"] == 2
    assert _rows(data)["c"]["duplicate_of"] is None


def test_what_is_missing_is_named(data, write_tables, tmp_path):
    with pytest.raises(InputError, match="no caption family 'blip2'; it has: alt_text"):
        score_repeats(Catalogue(data), "blip2", 6)
    clips = [{"clip_id": "a", "video_id": "v"}]
    old = write_tables(tmp_path / "old", {"u": {"videos": [{"video_id": "v"}], "clips": clips}})
    with pytest.raises(InputError, match="no fingerprints"):
        score_repeats(Catalogue(old), "alt_text", 6)
    assert not data.list_files("commits/scores.repeats")
