"""`vfmodel fit` as a person uses it: a run folder, resuming it, and every way to get it wrong."""

import csv
import logging
import os
import re
import subprocess
import sys
from dataclasses import asdict

import pytest
import torch
import yaml
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from vfmodel.__main__ import main
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.unet import SwapUNet

CLIP = {"num_frames": 3, "height": 16, "width": 24, "fps": 4.0}
PROTOCOL = {
    "name": "mine",
    "version": 1,
    "about": "a test",
    "prompts": {"source": "shapes", "num_samples": 2},
    "real": {"dataset": "shapes", "num_clips": 3},
    "frames": {"num_frames": 4, "fps": 4.0},
    "metrics": ["fvd", "clipsim"],
    "fvd_features": "shapes",
    "clip_model": "shapes",
}
SHARDING = {
    "class_path": "lightning.pytorch.strategies.ModelParallelStrategy",
    "init_args": {"save_distributed_checkpoint": False},
}


@pytest.fixture
def config(tiny_base, tiny_unet, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["vfmodel"])
    settings = {
        "run": str(tmp_path / "run"),
        "model": {"unet": plain(tiny_unet), "base": tiny_base, "optimiser": {"warmup_steps": 1}},
        "data": {"root": "shapes:4", "clip": CLIP, "batch_size": 2, "num_workers": 0},
        "trainer": {"max_steps": 2, "accelerator": "cpu", "log_every_n_steps": 1},
    }
    settings["trainer"]["enable_progress_bar"] = False

    def write(**changes):
        for key, value in changes.items():
            settings[key] = settings.get(key, {}) | value if isinstance(value, dict) else value
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        return str(path)

    return write


def plain(unet):
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(unet).items()}


def run(*words):
    with pytest.raises(SystemExit) as stopped:
        main(["fit", *words])
    return stopped.value.code


def fails(capsys, *words):
    capsys.readouterr()
    assert run(*words) == 2
    err = capsys.readouterr().err
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, err
    assert "Traceback" not in err
    return lines[0]


def test_a_run_leaves_its_folder_and_can_be_gone_on_with(config, tmp_path, capsys):
    folder = tmp_path / "run"
    assert run("--config", config()) == 0
    names = sorted(path.name for path in folder.iterdir())
    assert names.pop(2).startswith("events.out.tfevents.")
    assert names == ["checkpoints", "config.yaml", "metrics.csv", "model"]
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["last.ckpt"]
    pipeline = VideoFactoryPipeline.from_pretrained(folder / "model")
    sizes = {n: pipeline.unet.config[n] for n in ("sample_height", "sample_width", "num_frames")}
    assert sizes == {"sample_height": 2, "sample_width": 3, "num_frames": 3}
    assert pipeline.unet.config.fps == 4.0
    content = torch.load(folder / "checkpoints" / "last.ckpt", weights_only=True)
    averaged = content["state_dict"]
    for name, value in pipeline.unet.state_dict().items():
        assert torch.equal(value, averaged[f"unet.{name}"])

    assert "already holds a run" in fails(capsys, "--config", config())
    longer = config(trainer={"max_steps": 4})
    assert run("--config", longer, "--ckpt_path", "last") == 0
    with (folder / "metrics.csv").open(newline="") as lines:
        losses = {int(row["step"]): float(row["train/loss"]) for row in csv.DictReader(lines)}
    assert sorted(losses) == [0, 1, 2, 3]

    other = config(run=str(tmp_path / "whole"))
    assert run("--config", other) == 0
    ends = [
        torch.load(path / "checkpoints" / "last.ckpt", weights_only=True)
        for path in (folder, tmp_path / "whole")
    ]
    for kind in ("state_dict", "current_model_state"):
        assert all(torch.equal(v, ends[1][kind][k]) for k, v in ends[0][kind].items())


def test_several_datasets_can_be_named_and_gone_on_with(config, tmp_path):
    joined = [
        {"root": "shapes:3", "weight": 0.5, "captions": {"blip2": 0.8, "alt_text": 0.2}},
        {"root": "shapes:3", "clip": {**CLIP, "num_frames": 2}, "batch_size": 4},
    ]
    assert run("--config", config(data={"joined": joined}, save_every=1)) == 0
    assert run("--config", config(trainer={"max_steps": 4}), "--ckpt_path", "last") == 0
    saved = yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["data"]
    assert [source["weight"] for source in saved["joined"]] == [0.5, 1.0]


def test_a_run_can_be_watched(config, tmp_path, capsys):
    samples = {"prompts": ["a red circle", "a star"], "every": 1, "steps": 2}
    trainer = {"enable_progress_bar": True, "max_steps": 2}
    protocol = tmp_path / "mine.yaml"
    protocol.write_text(yaml.safe_dump(PROTOCOL))
    figures = {"protocol": str(protocol), "every": 2, "num_samples": 2, "steps": 1}
    assert run("--config", config(samples=samples, figures=figures, trainer=trainer)) == 0
    shown = capsys.readouterr().err
    assert re.search(r"^training: 2/2 steps, loss [\d.]+, [\d.]+ clips/s, ETA 00:00$", shown, re.M)
    # Nothing that a library has on its mind.
    assert not re.search("warn|float32|TPU|GPU|tip", shown, re.I)
    folder = tmp_path / "run"
    grids = sorted(path.name for path in (folder / "samples").iterdir())
    assert grids == ["step-000001.mp4", "step-000002.mp4"]
    with (folder / "metrics.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    events = EventAccumulator(str(folder))
    events.Reload()
    for name in ("clips_per_s", "tflops", "peak_share", "peak_memory_gb"):
        values = [float(row[f"perf/{name}"]) for row in rows]
        assert min(values) > 0
        told = [event.value for event in events.Scalars(f"perf/{name}")]
        assert told == pytest.approx(values)
    assert all(0 < float(row["perf/data_wait"]) < 1 for row in rows)
    saved = yaml.safe_load((folder / "config.yaml").read_text())["samples"]
    assert saved["guidance_scale"] == 4.0
    for name in ("shapes-FVD", "shapes-CLIPSIM"):
        assert [bool(row[f"figures/{name}"]) for row in rows] == [False, True]


def test_gradient_checkpointing_trains_the_same_weights(config, tmp_path, monkeypatch):
    switched, switch = [], SwapUNet.enable_gradient_checkpointing
    monkeypatch.setattr(
        SwapUNet,
        "enable_gradient_checkpointing",
        lambda unet: [switched.append(unet), switch(unet)],
    )
    ends = []
    for name, changes in (("a", {}), ("b", {"gradient_checkpointing": True})):
        assert run("--config", config(run=str(tmp_path / name), **changes)) == 0
        path = tmp_path / name / "checkpoints" / "last.ckpt"
        ends.append(torch.load(path, weights_only=True)["current_model_state"])
        assert len(switched) == len(ends) - 1
    for name, value in ends[0].items():
        torch.testing.assert_close(ends[1][name], value, atol=1e-6, rtol=1e-5)


def test_a_checkpoint_of_another_shape_names_the_parameter(config, tiny_unet, capsys):
    assert run("--config", config()) == 0
    wider = plain(tiny_unet) | {"channels": [16, 16]}
    line = fails(capsys, "--config", config(model={"unet": wider}), "--ckpt_path", "last")
    assert "last.ckpt is of another shape: " in line
    assert " there and " in line


@pytest.mark.parametrize(
    ("changes", "words", "named"),
    [
        ({"model": {"lr": 1}}, (), "lr"),
        ({"data": {"dtaa": "x"}}, (), "dtaa"),
        ({"trainer": {"max_step": 1}}, (), "max_step"),
        ({"data": {"root": "/no/such/dataset"}}, (), "/no/such/dataset"),
        ({"data": {"clip": {"height": 20, "width": 24}}}, (), "height 20"),
        ({"data": {"joined": [{"root": "/no/other"}]}}, (), "/no/other"),
        ({"data": {"joined": [{"root": "shapes:1", "wieght": 2}]}}, (), "wieght"),
        ({"model": {"base": "/no/such/model"}}, (), "/no/such/model"),
        ({"model": {"init_from": "/no/such/model"}}, (), "/no/such/model"),
        ({"model": {"caption_dropout": 2.0}}, (), "caption_dropout"),
        ({"trainer": {"max_steps": -1}}, (), "max_steps"),
        ({"trainer": {"strategy": "fsdp"}}, (), "fsdp is not supported"),
        ({"save_every": 0}, (), "save_every"),
        ({"samples": {"prompts": []}}, (), "samples.prompts"),
        (
            {"samples": {"prompts": ["a"]}, "trainer": {"strategy": SHARDING}},
            (),
            "samples need whole weights",
        ),
        ({"figures": {}, "trainer": {"strategy": SHARDING}}, (), "figures need whole weights"),
        ({"samples": {"prompts": ["a"], "evry": 2}}, (), "evry"),
        ({"figures": {"every": 0}}, (), "figures.every"),
        ({"figures": {"protocol": "nowhere"}}, (), "no protocol 'nowhere'"),
        ({"figures": {"script": {"path": "none.pt", "name": "a b"}}}, (), "'a b'"),
        ({}, ("--model.unet.text_dim", "0"), "error: text_dim"),
        ({"data": {"joined": [{"root": "shapes:1", "clip": {**CLIP, "fps": 0}}]}}, (), ": fps"),
        ({}, ("--ckpt_path", "last"), "last.ckpt"),
        ({}, ("--model.seeed", "1"), "seeed"),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_leaves_nothing(config, tmp_path, capsys, changes, words, named):
    assert named in fails(capsys, "--config", config(**changes), *words)
    assert not (tmp_path / "run").exists()


def test_a_run_passes_over_broken_clips_and_says_so(
    config, write_dataset, tmp_path, capsys, caplog
):
    caplog.set_level(logging.INFO)
    root = write_dataset(tmp_path)
    (root / "media/u1.tar").unlink()
    data = {"root": str(root), "max_broken": 0.6}
    assert run("--config", config(data=data, trainer={"max_steps": 6})) == 0
    with (tmp_path / "run/metrics.csv").open(newline="") as lines:
        counts = [float(row["data/skipped"]) for row in csv.DictReader(lines)]
    assert counts == sorted(counts)
    num_skipped = int(counts[-1])
    assert num_skipped > 0
    assert f"{12 + num_skipped} clips read, {num_skipped} skipped" in caplog.text
    named = [line for line in caplog.messages if line.startswith("skipped: ")]
    assert len(set(named)) == len(named) <= num_skipped
    strict = config(run=str(tmp_path / "strict"), data={"max_broken": 0})
    assert "media/u1.tar" in fails(capsys, "--config", strict)

    parts = {"run": str(tmp_path / "parts"), "data": data}
    assert run("--config", config(**parts, trainer={"max_steps": 4})) == 0
    assert run("--config", config(trainer={"max_steps": 6}), "--ckpt_path", "last") == 0
    ends = [
        torch.load(tmp_path / name / "checkpoints/last.ckpt", weights_only=True)
        for name in ("run", "parts")
    ]
    for name, value in ends[0]["current_model_state"].items():
        assert torch.equal(ends[1]["current_model_state"][name], value)
    assert ends[0]["callbacks"]["SkipCount"] == ends[1]["callbacks"]["SkipCount"]


@pytest.mark.slow  # each process imports torch and lightning
def test_two_processes_pass_over_the_same_clips_and_stop_together(config, write_dataset, tmp_path):
    root = write_dataset(tmp_path)
    (root / "media/u1.tar").unlink()
    trainer = {"max_steps": 6, "devices": 2, "strategy": "ddp"}

    def train(name, **data):
        given = {"root": str(root), "batch_size": 1, "num_workers": 1} | data
        path = config(run=str(tmp_path / name), trainer=trainer, data=given)
        command = [sys.executable, "-m", "vfmodel", "fit", "--config", path]
        env = os.environ | {"OMP_NUM_THREADS": "1"}
        return subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)

    whole = train("whole", max_broken=0.6)
    assert whole.returncode == 0, whole.stderr
    named = [line for line in whole.stderr.splitlines() if line.startswith("skipped: ")]
    assert 0 < len(named) == len(set(named)) <= 4
    stopped = train("stopped", max_broken=0)
    assert stopped.returncode == 2
    errors = [line for line in stopped.stderr.splitlines() if line.startswith("error: ")]
    assert len(set(errors)) == 1
    assert "data.max_broken 0 allows; the last: " in errors[0]
    assert "Traceback" not in stopped.stderr


def test_a_missing_config_is_named(config, capsys):
    config()
    assert "/no/such.yaml" in fails(capsys, "--config", "/no/such.yaml")
