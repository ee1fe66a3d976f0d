import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from hdvg.errors import InputError
from vfsr.rcan import RCAN, RCANConfig
from vfsr.weights import DEFAULT_MODEL, check_shapes, load_rcan, save_rcan


def test_a_saved_model_computes_the_same(small_model, tmp_path):
    folder = save_rcan(small_model, tmp_path / "model")
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.safetensors"]
    frames = torch.rand(1, 3, 8, 9)
    assert torch.equal(load_rcan(folder)(frames), small_model(frames))


def test_half_precision_is_half_the_size_and_nearly_the_same(small_model, tmp_path):
    full = save_rcan(small_model, tmp_path / "full")
    half = save_rcan(small_model, tmp_path / "half", torch.float16)
    tensors = load_file(half / "model.safetensors")
    assert tensors["head.0.weight"].dtype == torch.float16
    assert tensors["sub_mean.bias"].dtype == torch.float32
    frames = torch.rand(1, 3, 8, 9)
    difference = load_rcan(half)(frames) - load_rcan(full)(frames)
    assert difference.abs().max() < 1 / 255


def test_saving_replaces_a_whole_folder(small_model, tmp_path):
    save_rcan(RCAN(RCANConfig(num_blocks=2, channels=8, reduction=4)), tmp_path / "m")
    save_rcan(small_model, tmp_path / "m")
    assert load_rcan(tmp_path / "m").config.num_blocks == 1
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_the_shipped_model_opens_and_is_small():
    assert load_rcan().config == RCANConfig()
    assert sum(p.stat().st_size for p in DEFAULT_MODEL.iterdir()) < 2e6


def test_missing_and_malformed_folders_are_named(small_model, tmp_path):
    with pytest.raises(InputError, match=r"not found: .*/nowhere"):
        load_rcan(tmp_path / "nowhere")
    folder = save_rcan(small_model, tmp_path / "m")
    (folder / "model.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(InputError, match=r"cannot read .*model\.safetensors"):
        load_rcan(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"cannot read .*model\.safetensors"):
        load_rcan(folder)
    for text in ("{", '{"blocks": 3}', "[]"):
        (folder / "config.json").write_text(text)
        with pytest.raises(InputError, match=r"config\.json"):
            load_rcan(folder)


def test_weights_of_another_size_are_refused_with_both_shapes(small_model, tmp_path):
    folder = save_rcan(small_model, tmp_path / "m")
    sizes = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(sizes | {"channels": 12}))
    with pytest.raises(InputError, match=r"head\.0\.weight .*\[8, 3, 3, 3\].*\[12, 3, 3, 3\]"):
        load_rcan(folder)
    shutil.rmtree(folder)


def test_missing_and_unknown_parameters_are_named():
    one = torch.zeros(1)
    with pytest.raises(InputError, match="it has no b"):
        check_shapes({"a": one, "b": one}, {"a": one}, "x")
    with pytest.raises(InputError, match="which has no b"):
        check_shapes({"a": one}, {"a": one, "b": one}, "x")
    check_shapes({"a": one}, {"a": one}, "x")
