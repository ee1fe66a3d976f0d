"""A catalogue sees what commits name, whatever lies beside it."""

import pytest

from hdvg.catalogue import Catalogue
from hdvg.commits import Commit, commit_unit
from hdvg.errors import InputError
from hdvg.manifest import write_rows
from hdvg.storage import Storage


def _video(video_id, num_clips=0):
    return {
        "video_id": video_id,
        "source": "s",
        "locator": "l",
        "status": "ok",
        "retryable": False,
        "num_clips": num_clips,
    }


def _caption(clip_id):
    return {"clip_id": clip_id, "text": f"text of {clip_id}", "source": "title"}


def _commit(storage, stage, unit, *files):
    commit_unit(storage, Commit(stage=stage, unit=unit, files=files, rows={}))


@pytest.fixture(params=["local", "memory"])
def storage(request, tmp_path):
    """Two committed units, one of them revised, a leftover, and two families."""
    root = tmp_path / "d" if request.param == "local" else f"memory://{tmp_path.name}"
    storage = Storage(root)
    write_rows(storage, "videos", "videos/u00000.parquet", [_video("old")])
    new = write_rows(storage, "videos", "videos/u00000-r1.parquet", [_video("a"), _video("b")])
    other = write_rows(storage, "videos", "videos/u00001.parquet", [_video("c")])
    write_rows(storage, "videos", "videos/u00002.parquet", [_video("uncommitted")])
    text = write_rows(storage, "captions", "captions/alt_text/u00000.parquet", [_caption("a1")])
    blip = write_rows(storage, "captions", "captions/blip2/u00001.parquet", [_caption("c1")])
    area = {"clip_id": "a1", "text_area": 0.5}
    score = write_rows(storage, "scores.text", "scores/text/u00000.parquet", [area])
    _commit(storage, "build", "u00001", other)
    _commit(storage, "build", "u00000", new, text)
    _commit(storage, "captions.blip2", "u00001", blip)
    _commit(storage, "scores.text", "u00000", score)
    return storage


def _ids(table, column="video_id"):
    return table[column].to_pylist()


def test_tables_are_those_that_commits_name_in_the_order_of_units(storage):
    catalogue = Catalogue(storage)
    assert catalogue.units("build") == ["u00000", "u00001"]
    assert _ids(catalogue.table("videos")) == ["a", "b", "c"]
    assert _ids(catalogue.table("videos", "u00001")) == ["c"]
    assert len(catalogue.table("clips")) == 0
    assert catalogue.files("videos/") == ["videos/u00000-r1.parquet", "videos/u00001.parquet"]


def test_families_are_found_and_unknown_ones_named(storage):
    catalogue = Catalogue(storage)
    assert catalogue.families("captions") == ["alt_text", "blip2"]
    assert catalogue.families("scores") == ["text"]
    assert _ids(catalogue.family("captions", "blip2"), "clip_id") == ["c1"]
    assert _ids(catalogue.family("captions", "blip2", "u00000"), "clip_id") == []
    assert catalogue.family("scores", "text")["text_area"].to_pylist() == [0.5]
    with pytest.raises(InputError, match=r"caption family 'nope'; it has: alt_text, blip2"):
        catalogue.family("captions", "nope")


def test_units_with_damage_can_be_forgotten(storage):
    storage.write_bytes("videos/u00001.parquet", b"something else")
    storage.remove("captions/blip2/u00001.parquet")
    catalogue = Catalogue(storage)
    assert catalogue.drop_damaged(("scores/", "captions/alt_text/")) == {}
    assert catalogue.drop_damaged(("captions/",)) == {
        "u00001": "captions/blip2/u00001.parquet: missing"
    }
    assert catalogue.units("build") == ["u00000"]
    assert _ids(catalogue.table("videos")) == ["a", "b"]
    assert catalogue.families("captions") == ["alt_text"]


def test_an_empty_folder_has_nothing(tmp_path):
    catalogue = Catalogue(Storage(tmp_path))
    assert catalogue.commits == {}
    assert catalogue.families("scores") == []
    assert catalogue.files() == []
