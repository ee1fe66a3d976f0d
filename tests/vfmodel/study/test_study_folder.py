"""The key of a study comes back as it was, and only whole."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.study.study_folder import load_study, name_study, save_study


def test_the_key_comes_back(tmp_path, study_tools):
    study = study_tools.make_study(3)
    save_study(study, tmp_path)
    assert load_study(tmp_path) == study


def test_the_id_follows_the_content(study_tools):
    ids = {study_tools.make_study(number).study_id for number in (2, 3, 4)}
    assert len(ids) == 3
    study = study_tools.make_study()
    assert name_study(study) == study


def test_what_stands_on_the_left_and_on_the_right(study_tools):
    study = study_tools.make_study()
    for trial in study.sheets[0]:
        pair = study.pairs[trial.pair]
        sides = (pair.second, pair.first) if trial.swapped else (pair.first, pair.second)
        assert study.shown(trial) == sides


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a study's folder"):
        load_study(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": "other"}, "was changed after it was built"),
        ({"schema_version": 9}, "vfmodel-study version 9"),
        ({"pairs": []}, "damaged"),
        ({"sheets": [[[99, 0]]]}, "damaged"),
        ({"models": None}, "damaged"),
        ({"surplus": 1}, "damaged"),
    ],
)
def test_a_changed_key_is_refused(tmp_path, study_tools, change, named):
    path = save_study(study_tools.make_study(), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError, match=named):
        load_study(tmp_path)


def test_no_json_is_refused(tmp_path):
    (tmp_path / "study.json").write_text("[1")
    with pytest.raises(InputError, match="damaged"):
        load_study(tmp_path)
