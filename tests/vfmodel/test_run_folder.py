"""What a run leaves behind, and what it refuses to overwrite."""

import csv
from unittest.mock import Mock

import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from hdvg.errors import InputError
from vfmodel.checkpoint_file import CheckpointFile
from vfmodel.run_folder import LastCheckpoint, MetricsFile, RunFolder


def test_a_run_is_neither_overwritten_nor_resumed_from_nothing(tmp_path):
    run = RunFolder(tmp_path / "run")
    assert run.choose_checkpoint(None) is None
    with pytest.raises(InputError, match=r"last\.ckpt"):
        run.choose_checkpoint("last")
    with pytest.raises(InputError, match=r"/no/such\.ckpt"):
        run.choose_checkpoint("/no/such.ckpt")
    run.last_checkpoint.parent.mkdir(parents=True)
    run.last_checkpoint.write_text("")
    assert run.choose_checkpoint("last") == run.last_checkpoint
    with pytest.raises(InputError, match="already holds a run"):
        run.choose_checkpoint(None)


def trainer(fails=False):
    def save_checkpoint(path):
        path.write_text("half" if fails else str(state.global_step))
        if fails:
            raise ZeroDivisionError("a bug")

    state = Mock(spec=Trainer)
    strategy = Mock(checkpoint_io=CheckpointFile(), broadcast=lambda failure: failure)
    state.configure_mock(global_step=0, max_steps=7, is_global_zero=True, strategy=strategy)
    state.save_checkpoint = save_checkpoint
    state.lightning_module = torch.nn.Linear(2, 2)
    return state


def test_checkpoints_are_taken_when_due_and_at_the_last_step(tmp_path):
    state, last = trainer(), LastCheckpoint(tmp_path / "last.ckpt", every_n_steps=3)
    seen = []
    for step in range(1, 8):
        state.global_step = step
        for _ in range(2):  # twice, as gradient accumulation ends two batches at one step
            last.on_train_batch_end(state)
        seen.append((tmp_path / "last.ckpt").read_text() if step >= 3 else None)
    assert seen == [None, None, "3", "3", "3", "6", "7"]


def test_a_failed_save_leaves_the_old_checkpoint(tmp_path):
    (tmp_path / "last.ckpt").write_text("old")
    state = trainer(fails=True)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        LastCheckpoint(tmp_path / "last.ckpt", 1).save(state)
    assert (tmp_path / "last.ckpt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_weights_that_are_not_finite_leave_the_old_checkpoint(tmp_path):
    (tmp_path / "last.ckpt").write_text("old")
    state = trainer()
    torch.nn.init.constant_(state.lightning_module.bias, float("inf"))
    with pytest.raises(InputError, match=r"bias is not finite .*last\.ckpt"):
        LastCheckpoint(tmp_path / "last.ckpt", 1).save(state)
    assert (tmp_path / "last.ckpt").read_text() == "old"


def test_an_interrupt_keeps_what_was_reached(tmp_path):
    state, last = trainer(), LastCheckpoint(tmp_path / "last.ckpt", every_n_steps=100)
    state.global_step = 5
    last.on_exception(state, LightningModule(), ValueError())
    assert not (tmp_path / "last.ckpt").exists()
    last.on_exception(state, LightningModule(), KeyboardInterrupt())
    assert (tmp_path / "last.ckpt").read_text() == "5"


def rows(path):
    with path.open(newline="") as lines:
        return [(int(row["step"]), row["train/loss"]) for row in csv.DictReader(lines)]


def test_metrics_of_a_resumed_run_follow_those_of_the_first(tmp_path):
    path = tmp_path / "run" / "metrics.csv"
    first = MetricsFile(path)
    for step in range(4):
        first.log_metrics({"train/loss": float(step), "epoch": 0}, step)
    second = MetricsFile(path)
    second.log_metrics({"train/loss": 20.0}, 2)
    second.log_metrics({"train/loss": 30.0}, 3)
    assert rows(path) == [(0, "0.0"), (1, "1.0"), (2, "20.0"), (3, "30.0")]
    assert [p.name for p in path.parent.iterdir()] == ["metrics.csv"]


def test_metrics_wait_for_room_on_a_full_disk(small_disk, caplog):
    path = small_disk(8192) / "metrics.csv"
    metrics = MetricsFile(path)
    metrics.log_metrics({"train/loss": 0.0}, 0)
    ballast = path.with_name("ballast")
    ballast.write_bytes(bytes(4096))
    for step in range(1, 4):
        metrics.log_metrics({"train/loss": float(step)}, step)
    assert rows(path) == [(0, "0.0")]
    assert sorted(p.name for p in path.parent.iterdir()) == ["ballast", "metrics.csv"]
    assert len(caplog.messages) == 1
    assert "metrics.csv waits to be written: No space left on device" in caplog.messages[0]
    ballast.unlink()
    metrics.log_metrics({"train/loss": 4.0}, 4)
    assert rows(path) == [(step, f"{float(step)}") for step in range(5)]


def test_a_checkpoint_period_is_positive(tmp_path):
    with pytest.raises(InputError, match="0"):
        LastCheckpoint(tmp_path / "x", 0)
