"""Checkpoints on a disk that fills up: the old one stays, and the run can be gone on with."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import torch
import yaml
from lightning.pytorch import Trainer

from vfmodel.__main__ import main
from vfmodel.checkpoint_file import CheckpointFile, replace_checkpoint
from vfmodel.pipeline import VideoFactoryPipeline


def names(folder):
    return [path.name for path in folder.iterdir()]


def trainer(rank=0, told=None):
    """A process; `told` is what the first one says about its failure."""
    writer = CheckpointFile()

    def save(path):
        if rank == 0:
            writer.save_checkpoint({"weights": torch.arange(500_000)}, path)

    run = Mock(spec=Trainer)
    strategy = Mock(checkpoint_io=writer, broadcast=lambda failure: told or failure)
    run.configure_mock(is_global_zero=rank == 0, save_checkpoint=save, strategy=strategy)
    return run


def test_a_checkpoint_replaces_the_old_one(tmp_path):
    path = tmp_path / "folder" / "last.ckpt"
    for _ in range(2):
        replace_checkpoint(trainer(), path)
        assert torch.equal(torch.load(path)["weights"], torch.arange(500_000))
        assert names(path.parent) == ["last.ckpt"]


@pytest.mark.parametrize("nbytes", [4096, 65_536, 2_000_000, 3_997_696])
def test_a_full_disk_leaves_the_old_checkpoint_and_nothing_else(small_disk, nbytes):
    path = small_disk(nbytes + 4096) / "last.ckpt"
    path.write_text("old")
    with pytest.raises(OSError, match="No space left on device") as raised:
        replace_checkpoint(trainer(), path)
    assert raised.value.filename == str(path)
    assert names(path.parent) == ["last.ckpt"]
    assert path.read_text() == "old"
    small_disk(2**23)
    replace_checkpoint(trainer(), path)
    assert len(torch.load(path)["weights"]) == 500_000


def test_every_process_hears_of_a_failure_of_the_first(tmp_path):
    failure = OSError(28, "No space left on device", "partial")
    with pytest.raises(OSError, match=r"No space .*last\.ckpt"):
        replace_checkpoint(trainer(rank=1, told=failure), tmp_path / "last.ckpt")
    replace_checkpoint(trainer(rank=1), tmp_path / "last.ckpt")
    assert names(tmp_path) == []


def test_what_torch_cannot_save_is_a_bug(tmp_path):
    with pytest.raises((AttributeError, TypeError, RuntimeError)):
        CheckpointFile().save_checkpoint({"f": lambda: None}, tmp_path / "x")


@pytest.fixture
def fit(tiny_base, tmp_path, monkeypatch, capsys):
    """Call it with a run's folder and more words: exit code and errors of a training of 4 steps."""
    monkeypatch.setattr("sys.argv", ["vfmodel"])
    unet = {"channels": [8, 16], "num_heads": [1, 2], "attention_levels": [True, False]}
    clip = {"num_frames": 3, "height": 16, "width": 24}
    trainer = {"max_steps": 4, "accelerator": "cpu", "enable_progress_bar": False}
    settings = {
        "save_every": 2,
        "model": {"unet": unet | {"norm_groups": 4, "text_dim": 16}, "base": tiny_base},
        "data": {"root": "shapes:4", "clip": clip, "batch_size": 2, "num_workers": 0},
        "trainer": trainer | {"log_every_n_steps": 1},
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))

    def call(folder, *words):
        with pytest.raises(SystemExit) as stopped:
            main(["fit", "--config", str(config), "--run", str(folder), *words])
        err = capsys.readouterr().err
        assert "Traceback" not in err
        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        return SimpleNamespace(code=stopped.value.code, errors=errors)

    return call


@pytest.mark.slow  # three trainings
def test_a_training_that_filled_its_disk_goes_on_exactly(fit, small_disk, tmp_path):
    whole = tmp_path / "whole"
    assert fit(whole).code == 0
    size = (whole / "checkpoints/last.ckpt").stat().st_size
    run = small_disk(size * 3 // 2) / "run"
    full = fit(run)
    assert (full.code, len(full.errors)) == (2, 1)
    assert "No space left on device" in full.errors[0]
    assert "last.ckpt" in full.errors[0]
    assert names(run / "checkpoints") == ["last.ckpt"]
    assert torch.load(run / "checkpoints/last.ckpt", weights_only=True)["global_step"] == 2

    small_disk(2**28)
    assert fit(run, "--ckpt_path", "last").code == 0
    ends = [torch.load(p / "checkpoints/last.ckpt", weights_only=True) for p in (whole, run)]
    assert ends[1]["global_step"] == 4
    for kind in ("state_dict", "current_model_state"):
        assert all(torch.equal(v, ends[1][kind][k]) for k, v in ends[0][kind].items())

    exported = [VideoFactoryPipeline.from_pretrained(p / "model").unet for p in (whole, run)]
    for name, value in exported[0].state_dict().items():
        assert torch.equal(value, exported[1].state_dict()[name])
