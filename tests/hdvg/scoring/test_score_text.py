import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import BUILD, Commit, commit_unit, read_commit
from hdvg.make_unit import AbandonedError
from hdvg.manifest import write_rows
from hdvg.scoring.score_text import list_unscored, score_text


def _areas(storage):
    table = Catalogue(storage).family("scores", "text")
    return dict(zip(table["clip_id"].to_pylist(), table["text_area"].to_pylist(), strict=True))


def test_each_clip_has_the_area_of_its_own_keyframe(data):
    assert (score_text(data, "u0"), score_text(data, "u1")) == (0, 1)
    areas = _areas(data)
    assert areas.keys() == {"a", "b", "c"}  # d cannot be read: unknown
    assert 0.05 < areas["a"] < 0.2
    assert areas["b"] == areas["c"] == 0


def test_a_unit_that_nobody_wants_any_more_gets_no_scores(data):
    with pytest.raises(AbandonedError):
        score_text(data, "u0", wanted=lambda: False)
    assert Catalogue(data).families("scores") == ["scan"]
    assert data.list_files("scores/text") == []


def test_a_unit_is_done_once_and_again_when_it_was_revised(data):
    assert list_unscored(Catalogue(data)) == ["u0", "u1"]
    score_text(data, "u0")
    assert list_unscored(Catalogue(data)) == ["u1"]
    old = read_commit(data, BUILD, "u0")
    rows = Catalogue(data).table("clips", "u0").to_pylist()[:1]
    record = write_rows(data, "clips", "clips/u0-r1.parquet", rows)
    files = [file for file in old.files if not file.name.startswith("clips/")]
    commit_unit(data, Commit(stage=BUILD, unit="u0", files=(*files, record), rows={}))
    assert list_unscored(Catalogue(data)) == ["u0", "u1"]
    score_text(data, "u0")
    assert _areas(data).keys() == {"a"}
    assert list_unscored(Catalogue(data)) == ["u1"]
