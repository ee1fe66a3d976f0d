"""Runs with steps that only pretend to train: which are done, in what order, and what becomes of
one that fails."""

import json
import threading
from pathlib import Path

import pytest
import yaml

from hdvg.errors import InputError
from vfmodel.evaluation.ablation import carry_out as module
from vfmodel.evaluation.ablation.ablation_config import AblationConfig
from vfmodel.evaluation.ablation.carry_out import Processes, carry_out


@pytest.fixture
def config(tmp_path):
    fit = tmp_path / "fit.yaml"
    fit.write_text(yaml.safe_dump({"data": {"batch_size": 4}, "trainer": {"max_steps": 2}}))
    return AblationConfig(
        out=str(tmp_path / "out"),
        fit=str(fit),
        variants={"a": {}, "b": {"unet": {"block_end": "add"}}},
        tables={"ablation": {"a": "A", "b": "B"}},
        seeds=[0, 1],
        num_samples=5,
    )


@pytest.fixture
def steps(monkeypatch):
    """Words of every step that was started, in order; `steps.fail` names folders that fail."""

    class Steps(list):
        fail = ()
        lock = threading.Lock()

    done = Steps()

    def run(self, words, log):
        with done.lock:
            done.append(words)
        folder = log.parent
        if folder.name in done.fail:
            raise InputError(f"vfmodel {words[0]} ended with code 2: no luck")
        if words[0] == "fit":
            (folder / "fit" / "model").mkdir(parents=True)
            (folder / "fit" / "model" / "model_index.json").touch()

    monkeypatch.setattr(Processes, "run", run)
    monkeypatch.setattr(module, "make_start", lambda source, changes, seed, folder: folder)
    monkeypatch.setattr(module, "summarise_run", lambda run: {"variant": run.variant})
    return done


def test_every_run_is_trained_evaluated_and_summed_up(config, steps):
    assert carry_out(config) == {}
    assert sorted(words[0] for words in steps) == ["evaluate"] * 4 + ["fit"] * 4
    out = Path(config.out)
    assert json.loads((out / "a_s1" / "summary.json").read_text()) == {"variant": "a"}
    assert json.loads((out / "ablation.json").read_text())["tables"] == config.tables
    evaluation = next(words for words in steps if words[0] == "evaluate" and "a_s0" in words[2])
    assert f"--model={out / 'a_s0' / 'fit' / 'model'}" in evaluation
    assert "--num_samples=5" in evaluation


def test_what_is_done_is_not_done_again(config, steps):
    carry_out(config)
    (Path(config.out) / "b_s0" / "summary.json").unlink()
    steps.clear()
    carry_out(config)
    assert [words[0] for words in steps] == ["evaluate"]  # its model is there
    steps.clear()
    carry_out(config)
    assert steps == []


def test_a_training_goes_on_from_its_checkpoint(config, steps):
    checkpoint = Path(config.out) / "a_s0" / "fit" / "checkpoints" / "last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    carry_out(config)
    resumed = [words for words in steps if words[0] == "fit" and "--ckpt_path" in words]
    assert [Path(words[2]).parent.name for words in resumed] == ["a_s0"]


def test_a_run_that_fails_takes_no_other_down_and_is_tried_again(config, steps):
    steps.fail = ("b_s0",)
    assert carry_out(config) == {"b_s0": "vfmodel fit ended with code 2: no luck"}
    assert len(list(Path(config.out).glob("*/summary.json"))) == 3
    steps.fail = ()
    assert carry_out(config) == {}
    assert len(list(Path(config.out).glob("*/summary.json"))) == 4


def test_other_settings_in_the_same_folder_are_refused(config, steps):
    carry_out(config)
    for summary in Path(config.out).glob("*/summary.json"):
        summary.unlink()
    Path(config.fit).write_text(yaml.safe_dump({"data": {"batch_size": 8}}))
    failed = carry_out(config)
    assert len(failed) == 4
    assert "has other settings than this run" in failed["a_s0"]


def test_a_step_that_fails_is_quoted(tmp_path):
    log = tmp_path / "step.log"
    with pytest.raises(InputError, match="vfmodel nothing ended with code 2: error: unknown"):
        Processes(1).run(["nothing"], log)
    assert "unknown command" in log.read_text()


def test_after_the_end_nothing_starts(tmp_path):
    processes = Processes(1)
    processes.end()
    with pytest.raises(InputError, match="ending"):
        processes.run(["fit"], tmp_path / "x.log")
