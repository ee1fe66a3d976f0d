"""Which commands the pipeline starts, and with what exit code it ends."""

import pytest
from pipelines import ablation


@pytest.fixture
def started(monkeypatch):
    """Words of the commands; `codes` says how each of them ends."""
    calls = []
    calls_codes = {}

    def call(words):
        assert words[1:3] == ["-m", "vfmodel"]
        calls.append(words[3:])
        return calls_codes.get(words[3], 0)

    monkeypatch.setattr(ablation.subprocess, "call", call)
    return calls, calls_codes


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("out: runs/here\n")
    return str(path)


def test_runs_then_both_tables(started, config):
    calls, _ = started
    assert ablation.main(["--config", config]) == 0
    assert calls == [
        ["ablate", "--config", config],
        ["table", "ablation", "runs/here", "--out", "runs/here/tables"],
        ["table", "dataset", "runs/here", "--out", "runs/here/tables"],
    ]


def test_another_folder_and_failed_runs(started, config):
    calls, codes = started
    codes["ablate"] = 2
    assert ablation.main(["--config", config, "--out=there"]) == 2
    assert calls[-1] == ["table", "dataset", "there", "--out", "there/tables"]


def test_without_a_config_it_says_how(started, capsys):
    assert ablation.main([]) == 2
    assert "python -m pipelines.ablation --config" in capsys.readouterr().err
    assert started[0] == []
