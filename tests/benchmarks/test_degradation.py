import json

import pytest
import torch
from benchmarks import degradation
from benchmarks.degradation import Stages, disagreements, main
from benchmarks.realesrgan_oracle import REASON, is_built


class Mirror:
    """An oracle that answers what it was asked, and that every answer took a second."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, do, seed=0, *, settings=None, **arrays):
        return {"images": next(iter(arrays.values()))}, 1.0


@pytest.fixture(autouse=True)
def small(monkeypatch):
    threads = torch.get_num_threads()
    monkeypatch.setattr(degradation, "SIDE", 16)
    monkeypatch.setattr(degradation, "is_built", lambda: True)
    monkeypatch.setattr(degradation, "Oracle", Mirror)
    yield
    torch.set_num_threads(threads)


def test_it_writes_a_row_for_each_stage(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(degradation, "AGREE", {})
    path = tmp_path / "rows.json"
    assert main(["--crops", "2", "--rounds", "1", "--json", str(path)]) == 0
    rows = json.loads(path.read_text())
    assert [row["stage"] for row in rows] == [
        "kernels", "blur", "sharpen", "resize", "noise", "jpeg", "jpeg (kornia)", "degrade", "whole"
    ]  # fmt: skip
    assert all(row["theirs_ms"] == 500 for row in rows)
    assert all(row["times_faster"] > 0 for row in rows)
    assert "2 crops of 16x16" in capsys.readouterr().out


def test_a_stage_that_disagrees_ends_the_run(monkeypatch, capsys):
    monkeypatch.setattr(degradation, "AGREE", {"blur": 1e-5})
    assert main(["--crops", "2", "--rounds", "1"]) == 1
    assert "blur differs by" in capsys.readouterr().out
    assert disagreements(Stages(Mirror(), 2))


def test_a_missing_environment_is_named(monkeypatch, capsys):
    monkeypatch.setattr(degradation, "is_built", lambda: False)
    assert main([]) == 1
    assert REASON in capsys.readouterr().out
    assert isinstance(is_built(), bool)
