import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.tables.published_figures import read_published


def test_the_papers_own_figures():
    found = {(f.dataset, f.figure): f.value for f in read_published() if f.model == "VideoFactory"}
    assert found == {
        ("ucf101", "FVD"): 410.0,
        ("msrvtt", "CLIPSIM"): 0.3005,
        ("webvid", "FVD"): 292.35,
        ("webvid", "CLIPSIM"): 0.307,
    }


def test_each_has_a_source_and_stands_once():
    figures = read_published()
    assert all(f.source for f in figures)
    # Nobody has printed another model's figure first.
    for f in figures:
        assert f.second_hand or f.source.startswith(f.model)
    keys = [(f.model, f.dataset, f.figure) for f in figures]
    assert len(set(keys)) == len(keys)


def test_what_is_no_list_is_named(tmp_path):
    path = tmp_path / "p.json"
    path.write_text('[{"model": "x"}]')
    with pytest.raises(InputError, match=r"no published figures: .*p\.json"):
        read_published(path)
    row = {"model": "x", "dataset": "ucf101", "figure": "FVD", "value": 1.0, "source": ""}
    path.write_text(json.dumps([row]))
    with pytest.raises(InputError, match="no source for x, FVD"):
        read_published(path)
