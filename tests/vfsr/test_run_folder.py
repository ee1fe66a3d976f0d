import csv

import pytest
import torch

from hdvg.errors import InputError
from vfsr.run_folder import MetricsFile, prepare_run, warmed_up_average


def rows_of(path):
    with path.open(newline="") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]


def test_metrics_share_a_row_by_step(tmp_path):
    metrics = MetricsFile(tmp_path / "run")
    metrics.log_metrics({"train/loss": 0.5}, 9)
    metrics.log_metrics({"val/psnr": 20.0}, 9)
    metrics.log_metrics({"train/loss": 0.25}, 19)
    metrics.save()
    assert rows_of(tmp_path / "run" / "metrics.csv") == [
        {"step": "9", "train/loss": "0.5", "val/psnr": "20.0"},
        {"step": "19", "train/loss": "0.25"},
    ]
    assert [p.name for p in (tmp_path / "run").iterdir()] == ["metrics.csv"]


def test_a_resumed_run_keeps_what_was_reached_and_drops_what_is_redone(tmp_path):
    first = MetricsFile(tmp_path)
    for step in (9, 19, 29):
        first.log_metrics({"train/loss": float(step)}, step)
    first.finalize("success")
    second = MetricsFile(tmp_path)
    second.log_metrics({"train/loss": 0.0, "new": 1.0}, 19)
    second.save()
    assert rows_of(tmp_path / "metrics.csv") == [
        {"step": "9", "train/loss": "9.0"},
        {"step": "19", "train/loss": "0.0", "new": "1.0"},
    ]


def test_the_average_is_its_closed_form():
    decay, values = 0.9, torch.randn(200, dtype=torch.float64)
    average = warmed_up_average(decay)
    mean = values[0].clone()
    truth = values[0].item()
    for n, value in enumerate(values[1:].tolist(), start=1):
        mean = average(mean, torch.tensor(value, dtype=torch.float64), torch.tensor(n))
        newest = max(0.1, 9 / (10 + n))
        truth = (1 - newest) * truth + newest * value
    assert mean.item() == pytest.approx(truth)
    constant = average(torch.ones(3), torch.ones(3), 5)
    assert torch.allclose(constant, torch.ones(3))


def test_a_second_run_in_the_same_folder_is_refused(tmp_path):
    prepare_run(tmp_path, resumes=False)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "last.ckpt").touch()
    prepare_run(tmp_path, resumes=True)
    with pytest.raises(InputError, match="already holds a run; continue it with --ckpt_path last"):
        prepare_run(tmp_path, resumes=False)
