"""The bar counts steps to the last one, from where the run begins."""

import io
import re

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from vfmodel.fit_progress import FitProgress, describe
from vfmodel.run_folder import LastCheckpoint


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Counting(LightningModule):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def training_step(self, batch, batch_idx):
        self.log("train/loss", 0.5, prog_bar=True)
        self.log("perf/clips_per_s", 12.345, prog_bar=True)
        return self.weight.sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


def endless():
    while True:
        yield torch.zeros(1)


def fit(stream, tmp_path, monkeypatch, steps=4, accumulate=1, ckpt=None):
    monkeypatch.setattr("sys.stderr", stream)
    trainer = Trainer(
        max_steps=steps,
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        callbacks=[FitProgress(), LastCheckpoint(tmp_path / "last.ckpt", 3)],
        accumulate_grad_batches=accumulate,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(
        Counting(), torch.utils.data.DataLoader(Endless()), ckpt_path=ckpt, weights_only=True
    )
    return stream.getvalue()


class Endless(torch.utils.data.IterableDataset):
    def __iter__(self):
        return endless()


def test_a_terminal_shows_steps_loss_rate_and_the_time_left(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", Size)
    shown = fit(Terminal(), tmp_path, monkeypatch, accumulate=3)
    last = shown.split("\r")[-1].strip()
    assert re.fullmatch(r"training \S+ 4/4 steps, loss 0\.5000, 12\.3 clips/s, ETA 00:00", last), (
        last
    )
    assert max(len(line) for line in shown.split("\r")) <= Size.columns


class Size:
    columns = 90
    lines = 30


def test_a_log_gets_lines(tmp_path, monkeypatch):
    shown = fit(io.StringIO(), tmp_path, monkeypatch)
    assert shown == "training: 4/4 steps, loss 0.5000, 12.3 clips/s, ETA 00:00\n"


def test_a_resumed_run_goes_on_counting(tmp_path, monkeypatch):
    fit(io.StringIO(), tmp_path, monkeypatch, steps=3)
    checkpoint = tmp_path / "last.ckpt"
    shown = fit(Terminal(), tmp_path, monkeypatch, steps=5, ckpt=checkpoint)
    first, last = shown.split("\r")[1], shown.split("\r")[-1]
    assert "3/5 steps" in first
    assert "5/5 steps" in last


def test_other_processes_show_nothing(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    progress = FitProgress()
    progress.disable()
    trainer = Trainer(logger=False, enable_checkpointing=False, enable_progress_bar=False)
    progress.on_train_start(trainer, Counting())
    progress.on_train_batch_end(trainer)
    progress.on_train_end()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({}, ""),
        ({"train/loss": 0.123456}, "loss 0.1235"),
        ({"perf/clips_per_s": 1234.5, "other": 1.0}, "1234.5 clips/s"),
    ],
)
def test_only_what_is_known_is_said(metrics, words):
    assert describe(metrics) == words
