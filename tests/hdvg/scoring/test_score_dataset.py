"""The whole pass: in this process, and in the slow tests by Ray."""

import pytest

from hdvg.catalogue import Catalogue
from hdvg.dataset_folder import create_dataset
from hdvg.errors import InputError
from hdvg.scoring.score_dataset import ScoreConfig, score_dataset


def test_a_dataset_is_scored_once_and_what_is_new_afterwards(data, grow):
    config = ScoreConfig(data=data.root, num_cpus=1)
    (data.local_path("scores/scan") / "u0-r9.parquet").write_bytes(b"left by a killed writer")
    first = score_dataset(config)
    assert (first.num_clips, first.text_units, first.unreadable) == (4, 2, 1)
    assert (first.repeat_units, first.duplicates, first.repeated_captions) == (2, 1, 2)
    catalogue = Catalogue(data)
    assert catalogue.families("scores") == ["repeats", "scan", "text"]
    assert len(catalogue.family("scores", "text")) == 3
    assert data.list_files("scores/scan") == ["u0.parquet", "u1.parquet"]
    again = score_dataset(config)
    assert (again.text_units, again.repeat_units, again.duplicates) == (0, 0, 1)


def test_a_unit_that_cannot_be_read_is_named(data):
    data.local_path("keyframes/u1.tar").write_bytes(b"no tar at all" * 99)
    with pytest.raises(InputError, match=r"scoring stopped at unit u1: not a tar: .*u1\.tar"):
        score_dataset(ScoreConfig(data=data.root))


@pytest.mark.slow
def test_ray_gives_the_same_rows(data, monkeypatch):
    config = ScoreConfig(data=data.root, num_cpus=1)
    score_dataset(config)
    alone = Catalogue(data).family("scores", "text").to_pylist()
    for unit in ("u0", "u1"):
        data.remove(f"commits/scores.text/{unit}.json")
    monkeypatch.setattr("hdvg.scoring.score_dataset._FEW_CLIPS", -1)
    found = score_dataset(config)
    assert (found.text_units, found.unreadable) == (2, 1)
    assert Catalogue(data).family("scores", "text").to_pylist() == alone


def test_a_folder_without_units_is_refused(tmp_path):
    create_dataset(tmp_path / "d", sources=["x"], config={})
    with pytest.raises(InputError, match="no committed units"):
        score_dataset(ScoreConfig(data=str(tmp_path / "d")))
    with pytest.raises(InputError, match="not found"):
        score_dataset(ScoreConfig(data=str(tmp_path / "nowhere")))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"data": ""}, "data is empty"),
        ({"captions": "../x"}, "'../x'"),
        ({"max_distance": 8}, "0 to 7, got 8"),
        ({"max_distance": -1}, "got -1"),
        ({"num_cpus": -1}, "got -1"),
    ],
)
def test_impossible_settings_are_named(settings, named):
    with pytest.raises(InputError, match=named):
        ScoreConfig(**({"data": "d"} | settings))
