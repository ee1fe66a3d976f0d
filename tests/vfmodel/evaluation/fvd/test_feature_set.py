import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_set import FeatureSet


def test_what_was_saved_comes_back_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "real.safetensors"
    for count in (3, 4):
        features = torch.randn(count, 5)
        FeatureSet(features=features, settings={"fit": ["crop 4:3"], "num_features": 5}).save(path)
        loaded = FeatureSet.load(path)
        assert loaded.features.equal(features)
        assert loaded.settings == {"fit": ["crop 4:3"], "num_features": 5}
    assert [file.name for file in tmp_path.iterdir()] == ["real.safetensors"]


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.safetensors holds no features of videos"):
        FeatureSet.load(tmp_path / "nothing.safetensors")
    (tmp_path / "text.safetensors").write_text("no features")
    with pytest.raises(InputError, match=r"text\.safetensors holds no features of videos"):
        FeatureSet.load(tmp_path / "text.safetensors")
