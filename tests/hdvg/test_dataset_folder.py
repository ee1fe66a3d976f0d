"""dataset.json: which folders are datasets, and which builds may go on in one."""

import json

import pytest

from hdvg.dataset_folder import create_dataset, hash_config, open_dataset
from hdvg.errors import InputError

CONFIG = {"cut": {"crf": 18}, "filter": {"min_height": 720}}


def test_a_new_folder_can_be_opened_again(tmp_path):
    create_dataset(tmp_path / "deep" / "data", sources=["urls.txt"], config=CONFIG)
    storage, info = open_dataset(tmp_path / "deep" / "data")
    assert storage.root == str(tmp_path / "deep" / "data")
    assert info.sources == ("urls.txt",)
    assert info.config == CONFIG
    assert info.config_hash == hash_config(CONFIG)


def test_the_same_build_may_go_on_and_changes_nothing(tmp_path):
    create_dataset(tmp_path, sources=["urls.txt"], config=CONFIG)
    before = (tmp_path / "dataset.json").read_bytes()
    reordered = {"filter": {"min_height": 720}, "cut": {"crf": 18}}
    create_dataset(tmp_path, sources=["urls.txt"], config=reordered)
    assert (tmp_path / "dataset.json").read_bytes() == before


def test_other_settings_are_refused_with_the_key_and_both_values(tmp_path):
    create_dataset(tmp_path, sources=["urls.txt"], config=CONFIG)
    changed = {**CONFIG, "cut": {"crf": 23}}
    with pytest.raises(InputError, match=r"other settings: cut\.crf \(was 18, now 23\); give"):
        create_dataset(tmp_path, sources=["urls.txt"], config=changed)


def test_other_sources_are_refused(tmp_path):
    create_dataset(tmp_path, sources=["urls.txt"], config=CONFIG)
    with pytest.raises(InputError, match=r"built from urls\.txt, not from mine/"):
        create_dataset(tmp_path, sources=["mine/"], config=CONFIG)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(InputError, match=r"not a dataset and not empty: it holds 'thesis\.tex'"):
        create_dataset(tmp_path, sources=["urls.txt"], config=CONFIG)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_lock_or_a_dead_writers_leftover_does_not_count_as_content(tmp_path):
    (tmp_path / ".lock").touch()
    (tmp_path / ".dataset.json.77.partial").write_text("{")
    create_dataset(tmp_path, sources=["urls.txt"], config=CONFIG)


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "data").write_text("x")
    with pytest.raises(InputError, match="not a folder"):
        create_dataset(tmp_path / "data", sources=["urls.txt"], config=CONFIG)


def test_opening_names_what_is_wrong(tmp_path):
    with pytest.raises(InputError, match=r"dataset folder not found: .*nowhere"):
        open_dataset(tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"not a dataset \(it has no dataset\.json\)"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not a dataset description"),
        ("[]", "not a dataset description"),
        ('{"name": "somebody else\'s"}', "not a dataset description"),
        ('{"format": "other"}', "not a dataset description"),
        ('{"format": "hdvg-dataset", "schema_version": 9}', "schema version 9, this is 1"),
        (json.dumps({"format": "hdvg-dataset", "schema_version": 1}), "not a dataset description"),
    ],
)
def test_a_dataset_json_that_is_not_ours_is_refused(tmp_path, content, message):
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(InputError, match=message):
        open_dataset(tmp_path)


def test_datasets_may_lie_on_an_object_store(tmp_path):
    root = f"memory://{tmp_path.name}/data"
    create_dataset(root, sources=["urls.txt"], config=CONFIG)
    assert open_dataset(root)[1].sources == ("urls.txt",)


def test_the_hash_sees_values_not_order():
    assert hash_config({"a": 1, "b": 2}) == hash_config({"b": 2, "a": 1})
    assert hash_config({"a": 1}) != hash_config({"a": 2})
