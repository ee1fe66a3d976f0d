"""Training in processes of its own: two share a step, and all are killed without a warning."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch

# A run of its own, as `torchrun` or Slurm would start it: Lightning launches the second process.
PROGRAM = """
import json, sys
import torch

torch.set_num_threads(1)
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import ModelParallelStrategy
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.ema import EMA
from vfmodel.run_folder import LastCheckpoint
from vfmodel.sharded_ema import ShardedEMA
from vfmodel.training import OptimiserConfig, VideoDiffusion
from vfmodel.unet_config import SwapUNetConfig
from pathlib import Path

asked = json.loads(sys.argv[1])


class Told(VideoDiffusion):
    def configure_optimizers(self):
        if asked["descend"]:
            # Momentum, because Lightning cannot load an optimiser that has no state.
            return torch.optim.SGD(self.unet.parameters(), lr=0.05, momentum=0.5)
        return super().configure_optimizers()

    def on_train_batch_end(self, *_):
        print("step", self.global_step, flush=True)


still = ClipConfig(num_frames=1, height=16, width=24)
data = ClipDataModule(
    "shapes:5",
    ClipConfig(num_frames=3, height=16, width=24),
    batch_size=asked["batch_size"],
    num_workers=1,
    seed=1,
    joined=[SourceConfig(root="shapes:4", clip=still)],
)
model = Told(
    SwapUNetConfig(
        channels=(8, 16),
        num_heads=(1, 2),
        attention_levels=(True, False),
        norm_groups=4,
        window=(2, 2, 3),
    ),
    optimiser=OptimiserConfig(lr=3e-3, warmup_steps=2, total_steps=20),
    caption_dropout=0.5,
    swap_start_step=2,
)
if asked["recomputes"]:
    model.unet.enable_gradient_checkpointing()
strategy = "ddp" if asked["devices"] > 1 else "auto"
if asked["copies"]:
    strategy = ModelParallelStrategy(
        data_parallel_size=asked["copies"],
        tensor_parallel_size=asked["devices"] // asked["copies"],
        save_distributed_checkpoint=False,
    )
ema = (ShardedEMA if asked["copies"] else EMA)(0.9)
checkpoint = Path(asked["folder"]) / "last.ckpt"
trainer = Trainer(
    max_steps=asked["max_steps"],
    max_epochs=1,
    accelerator="cpu",
    devices=asked["devices"],
    strategy=strategy,
    logger=False,
    gradient_clip_val=0.5,
    callbacks=[ema, LastCheckpoint(checkpoint, every_n_steps=2)],
    enable_progress_bar=False,
    enable_model_summary=False,
    use_distributed_sampler=False,
    default_root_dir=asked["folder"],
)
trainer.fit(model, data, ckpt_path=checkpoint if asked["resume"] else None, weights_only=True)
if asked["copies"]:
    held = sum(weight.to_local().numel() for weight in model.unet.parameters())
    whole = sum(weight.numel() for weight in model.unet.parameters())
    assert held < 0.51 * whole, (held, whole)
"""


class Run:
    """Training processes that share a folder."""

    def __init__(self, folder, **asked):
        folder.mkdir(exist_ok=True)
        program = folder / "program.py"
        program.write_text(PROGRAM)
        plain = {"descend": False, "resume": False, "devices": 1, "batch_size": 2}
        plain |= {"copies": 0, "recomputes": False}
        given = plain | {"folder": str(folder)} | asked
        self.checkpoint = folder / "last.ckpt"
        self.process = subprocess.Popen(
            [sys.executable, program, json.dumps(given)],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def finish(self):
        _, errors = self.process.communicate(timeout=400)
        assert self.process.returncode == 0, errors
        return torch.load(self.checkpoint, weights_only=True)

    def kill_after(self, step):
        for line in self.process.stdout:
            if line == f"step {step}\n":
                break
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()
        deadline = time.monotonic() + 20
        while _lives(self.process.pid):
            assert time.monotonic() < deadline
            time.sleep(0.1)


def _lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow  # each process imports torch and lightning
def test_two_processes_take_the_step_of_one_with_the_joint_batch(tmp_path):
    settings = {"descend": True, "max_steps": 4}
    one = Run(tmp_path / "one", batch_size=4, **settings).finish()
    two = Run(tmp_path / "two", devices=2, **settings).finish()
    _check_close(one, two)


def _same(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(_same(first[k], second[k]) for k in first)
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(_same, first, second))
    return first == second


@pytest.mark.slow
def test_two_killed_processes_go_on_as_if_nothing_had_been(tmp_path):
    settings = {"devices": 2, "max_steps": 6}
    whole = Run(tmp_path / "whole", **settings).finish()
    # Steps 2 and 4 are saved; the fifth is lost and taken again.
    Run(tmp_path / "parts", **settings).kill_after(5)
    parts = Run(tmp_path / "parts", resume=True, **settings).finish()
    assert parts["global_step"] == whole["global_step"] == 6
    for kind in ("current_model_state", "state_dict", "optimizer_states", "lr_schedulers"):
        assert _same(parts[kind], whole[kind]), kind


def _check_close(first, second):
    assert first["global_step"] == second["global_step"]
    for kind in ("current_model_state", "state_dict"):
        assert first[kind].keys() == second[kind].keys()
        for name, value in first[kind].items():
            torch.testing.assert_close(second[kind][name], value, atol=2e-6, rtol=1e-4)


@pytest.mark.slow
def test_two_processes_that_share_the_weights_take_the_step_of_one(tmp_path):
    settings = {"descend": True, "max_steps": 4}
    one = Run(tmp_path / "one", batch_size=4, **settings).finish()
    two = Run(tmp_path / "two", devices=2, copies=1, recomputes=True, **settings).finish()
    _check_close(one, two)
    # Either goes on from the other's checkpoint.
    settings |= {"max_steps": 6, "resume": True}
    (tmp_path / "two" / "last.ckpt").replace(tmp_path / "spare.ckpt")
    (tmp_path / "one" / "last.ckpt").replace(tmp_path / "two" / "last.ckpt")
    (tmp_path / "spare.ckpt").replace(tmp_path / "one" / "last.ckpt")
    one = Run(tmp_path / "one", batch_size=4, **settings).finish()
    two = Run(tmp_path / "two", devices=2, copies=1, **settings).finish()
    _check_close(one, two)


@pytest.mark.slow
def test_two_killed_processes_that_share_the_weights_go_on_as_if_nothing_had_been(tmp_path):
    settings = {"devices": 2, "copies": 1, "max_steps": 6}
    whole = Run(tmp_path / "whole", **settings).finish()
    Run(tmp_path / "parts", **settings).kill_after(5)
    parts = Run(tmp_path / "parts", resume=True, **settings).finish()
    assert parts["global_step"] == whole["global_step"] == 6
    for kind in ("current_model_state", "state_dict", "optimizer_states", "lr_schedulers"):
        assert _same(parts[kind], whole[kind]), kind
