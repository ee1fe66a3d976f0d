"""The rates against closed forms: real training by a clock that only clips and steps move on."""

import re
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import Logger

from vfmodel import throughput
from vfmodel.data import ClipConfig, ClipDataModule, SourceConfig
from vfmodel.scene_clips import SceneClips
from vfmodel.step_cost import count_step_flops
from vfmodel.throughput import Throughput, Window, peak_memory_bytes, precision_dtype
from vfmodel.training import VideoDiffusion

CLIP = ClipConfig(num_frames=3, height=16, width=24)
STILL = ClipConfig(num_frames=1, height=16, width=24)
STATUS = Path("/proc/self/status")
READ_S, STEP_S, PAUSE_S = 0.25, 3.0, 1000.0


def test_rates_are_work_over_time():
    window = Window(steps=8, clips=12, flops=6 * 10**12, step_s=3.0, wait_s=1.0)
    rates = window.rates(world_size=2, peak_flops=3e12)
    assert rates == pytest.approx(
        {"step_s": 0.5, "clips_per_s": 6.0, "tflops": 1.5, "peak_share": 0.5, "data_wait": 0.25}
    )


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


class Stepping(VideoDiffusion):
    clock: Clock

    def training_step(self, batch, batch_idx):
        self.clock.now_s += STEP_S
        return super().training_step(batch, batch_idx)


class Pausing(Callback):
    """As checkpoints and sample grids do."""

    def __init__(self, clock):
        self.clock = clock

    def on_train_batch_end(self, *_):
        self.clock.now_s += PAUSE_S


class Data(ClipDataModule):
    clock: Clock

    def train_dataloader(self):
        loader = super().train_dataloader()
        loader._clock = self.clock
        return loader


class Rows(Logger):
    name = version = ""

    def __init__(self):
        super().__init__()
        self.rows = {}

    def log_hyperparams(self, *_):
        pass

    def log_metrics(self, metrics, step):
        self.rows.setdefault(step, {}).update(metrics)


@pytest.fixture
def fit(tiny_base, tiny_unet, tmp_path, monkeypatch):
    clock, rows = Clock(), Rows()
    read = SceneClips.__getitem__

    def slowly(clips, index):
        clock.now_s += READ_S
        return read(clips, index)

    monkeypatch.setattr(SceneClips, "__getitem__", slowly)
    monkeypatch.setattr(throughput, "measure_matmul_peak", lambda *_: 4e6)

    def run(steps, accumulate=1, **reads):
        model = Stepping(tiny_unet, base=tiny_base)
        data = Data("shapes:4", CLIP, batch_size=2, num_workers=0, **reads)
        model.clock = data.clock = clock
        trainer = Trainer(
            max_steps=steps,
            max_epochs=1,
            accelerator="cpu",
            logger=rows,
            log_every_n_steps=2,
            accumulate_grad_batches=accumulate,
            callbacks=[Throughput(clock), Pausing(clock)],
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            default_root_dir=tmp_path,
        )
        trainer.fit(model, data)
        tokens = model.text_encoder.tokenizer.model_max_length
        flops = [count_step_flops(model.unet, (4, t, 2, 3), tokens, t == 1) for t in (3, 1)]
        return {s: perf(row) for s, row in rows.rows.items() if "epoch" in row}, *flops

    return run


def perf(row):
    return {k.removeprefix("perf/"): v for k, v in row.items() if k.startswith("perf/")}


def test_rates_are_logged_over_the_steps_since_the_last_time(fit):
    rows, flops, _ = fit(4)
    assert sorted(rows) == [1, 3]
    for row in rows.values():
        assert 0.05 < row.pop("peak_memory_gb") < 100
        # Two steps with two clips each, and nothing of the pauses.
        total_s = 2 * (STEP_S + 2 * READ_S)
        assert row == pytest.approx(
            {
                "step_s": total_s / 2,
                "clips_per_s": 4 / total_s,
                "tflops": 4 * flops / total_s / 1e12,
                "peak_share": 4 * flops / total_s / 4e6,
                "data_wait": 4 * READ_S / total_s,
            }
        )


def test_every_kind_of_batch_counts_by_its_own_work(fit):
    stills = SourceConfig(root="shapes:4", clip=STILL, batch_size=6)
    rows, flops, still_flops = fit(2, joined=[stills])
    # One step of clips and one of images; what is read ahead may be either.
    rate = rows[1]["tflops"] / rows[1]["clips_per_s"] * 1e12
    assert rate == pytest.approx((2 * flops + 6 * still_flops) / 8)


def test_accumulated_parts_make_one_step(fit):
    rows, _, _ = fit(2, accumulate=3)
    assert sorted(rows) == [1]
    assert rows[1]["clips_per_s"] == pytest.approx(2 / (STEP_S + 2 * READ_S))


@pytest.mark.parametrize(
    ("precision", "dtype"),
    [
        ("32-true", torch.float32),
        ("bf16-mixed", torch.bfloat16),
        ("bf16-true", torch.bfloat16),
        ("16-mixed", torch.float16),
        ("64-true", torch.float64),
    ],
)
def test_the_peak_is_measured_in_the_precision_of_the_products(precision, dtype):
    assert precision_dtype(precision) == dtype


@pytest.mark.skipif(not STATUS.exists(), reason="Linux tells the peak in a second place")
def test_peak_memory_is_the_kernels_high_water_mark():
    told_kib = int(re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[1])
    assert peak_memory_bytes(torch.device("cpu")) == pytest.approx(told_kib * 1024, rel=0.02)
