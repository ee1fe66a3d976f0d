"""The training command on a tiny dataset: what it leaves, how it resumes, what it refuses."""

import pytest
import torch
import yaml

from vfsr.__main__ import main
from vfsr.fit_command import run_fit
from vfsr.weights import load_rcan

SETTINGS = {
    "trainer": {
        "accelerator": "cpu",
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "log_every_n_steps": 1,
        "val_check_interval": 2,
        "check_val_every_n_epoch": None,
        "limit_val_batches": 1,
        "num_sanity_val_steps": 0,
    },
    "save_every": 2,
    "model": {
        "rcan": {"num_groups": 1, "num_blocks": 1, "channels": 8, "reduction": 4},
        "learning_rate": 1.0e-3,
        "warmup_steps": 1,
        "decay_steps": 8,
    },
    "data": {
        "batch_size": 2,
        "num_workers": 0,
        "crops": {"height": 64, "width": 96, "crop": 16, "crops_per_clip": 2},
    },
}


@pytest.fixture
def config(tmp_path, dataset):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(SETTINGS | {"data": SETTINGS["data"] | {"root": str(dataset)}}))
    return path


def fit(config, run, steps, *more):
    arguments = ["fit", "--config", str(config), "--run", str(run)]
    run_fit([*arguments, "--trainer.max_steps", str(steps), *more])


@pytest.mark.filterwarnings("ignore")
def test_a_resumed_run_equals_an_undisturbed_one(config, tmp_path, dataset):
    fit(config, tmp_path / "whole", 4)
    fit(config, tmp_path / "parts", 2)
    fit(config, tmp_path / "parts", 4, "--ckpt_path", "last")
    whole, parts = (
        torch.load(tmp_path / run / "checkpoints" / "last.ckpt", weights_only=True)
        for run in ("whole", "parts")
    )
    assert whole["global_step"] == parts["global_step"] == 4
    for kind in ("state_dict", "current_model_state"):
        for name, value in whole[kind].items():
            assert torch.equal(value, parts[kind][name]), name
    folder = tmp_path / "whole"
    assert {p.name for p in folder.iterdir()} == {
        "checkpoints", "config.yaml", "metrics.csv", "model",
    }  # fmt: skip
    assert (folder / "metrics.csv").read_text() == (tmp_path / "parts/metrics.csv").read_text()
    averaged = whole["state_dict"]["model.head.0.weight"]
    assert torch.equal(load_rcan(folder / "model").head[0].weight, averaged)
    assert yaml.safe_load((folder / "config.yaml").read_text())["data"]["root"] == str(dataset)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_is_handed_over_sees_the_small_crops(config, tmp_path):
    sizes = set()

    def note(frames):
        sizes.add(tuple(frames.shape[1:]))
        return frames

    mixture = "[{preset: own, own: {reconstruct_prob: 1.0}, weight: 0.5}]"
    asked = ["--data.crops.degradations", mixture, "--trainer.max_steps", "1"]
    run = ["fit", "--config", str(config), "--run", str(tmp_path / "run"), *asked]
    run_fit(run, reconstruct=note)
    assert sizes == {(3, 4, 4)}


@pytest.fixture
def refusal(monkeypatch, capsys):
    """Runs the command as the process would and returns its only error line."""
    monkeypatch.setattr("sys.argv", ["vfsr"])

    def run(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main(["fit", *map(str, arguments)])
        errors = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
        assert exit_.value.code == 2
        assert len(errors) == 1
        return errors[0]

    return run


def test_a_misspelt_key_is_named(config, tmp_path, refusal):
    text = config.read_text().replace("channels:", "chanels:")
    config.write_text(text)
    run = tmp_path / "run"
    assert "chanels" in refusal("--config", config, "--run", run)
    assert not run.exists()


def test_a_folder_that_is_no_dataset_is_named(config, tmp_path, refusal):
    run = tmp_path / "run"
    message = refusal("--config", config, "--run", run, "--data.root", tmp_path)
    assert f"not a dataset (it has no dataset.json): {tmp_path}" in message
    assert not run.exists()


def test_missing_files_are_named(config, tmp_path, refusal):
    assert "nowhere.yaml" in refusal("--config", tmp_path / "nowhere.yaml")
    gone = tmp_path / "gone.ckpt"
    assert f"checkpoint not found: {gone}" in refusal("--config", config, "--ckpt_path", gone)


@pytest.mark.parametrize(
    ("share", "named"),
    [("{preset: heavy}", "heavy"), ("{preset: light, weight: -1.0}", "got -1.0"),
     ("{preset: own, own: {scale: 0}}", "scale must be at least 1, got 0")],
)  # fmt: skip
def test_a_bad_degradation_is_named(config, tmp_path, refusal, share, named):
    run = tmp_path / "run"
    asked = ("--config", config, "--run", run, "--data.crops.degradations", f"[{share}]")
    assert named in refusal(*asked)
    assert not run.exists()
