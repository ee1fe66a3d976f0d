"""The benchmark on a tiny dataset: what it writes."""

import json

import pytest
import torch
from benchmarks import upscaler_data as bench


@pytest.fixture(autouse=True)
def threads():
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.mark.slow  # a worker process imports torch
def test_it_writes_what_it_measured(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "RENDERED_CLIPS", 2)
    path = tmp_path / "figures.json"
    bench.main(["--steps", "1", "--json", str(path)])
    figures = json.loads(path.read_text())
    assert figures["data_s"] > 0
    assert figures["step_s"] > 0
    assert 0 <= figures["waited"] <= 1
    assert "CPU-s" in capsys.readouterr().out
