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
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.ema import EMA
from vfmodel.run_folder import LastCheckpoint
from vfmodel.training import OptimiserConfig, VideoDiffusion
from vfmodel.unet_config import SwapUNetConfig
from pathlib import Path

asked = json.loads(sys.argv[1])


class Told(VideoDiffusion):
    def configure_optimizers(self):
        if asked["descend"]:
            return torch.optim.SGD(self.unet.parameters(), lr=0.05)
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
checkpoint = Path(asked["folder"]) / "last.ckpt"
trainer = Trainer(
    max_steps=asked["max_steps"],
    max_epochs=1,
    accelerator="cpu",
    devices=asked["devices"],
    strategy="ddp" if asked["devices"] > 1 else "auto",
    logger=False,
    callbacks=[EMA(0.9), LastCheckpoint(checkpoint, every_n_steps=2)],
    enable_progress_bar=False,
    enable_model_summary=False,
    use_distributed_sampler=False,
    default_root_dir=asked["folder"],
)
trainer.fit(model, data, ckpt_path=checkpoint if asked["resume"] else None, weights_only=True)
"""


class Run:
    """Training processes that share a folder."""

    def __init__(self, folder, **asked):
        folder.mkdir(exist_ok=True)
        program = folder / "program.py"
        program.write_text(PROGRAM)
        plain = {"descend": False, "resume": False, "devices": 1, "batch_size": 2}
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
        _, errors = self.process.communicate(timeout=200)
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
    assert one["global_step"] == two["global_step"] == 4
    for kind in ("current_model_state", "state_dict"):
        assert one[kind].keys() == two[kind].keys()
        for name, value in one[kind].items():
            torch.testing.assert_close(two[kind][name], value, atol=2e-6, rtol=1e-4)


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
