"""Samples in the middle of a training: what the exported model makes, and training as if unseen."""

import json
import logging
import os
import subprocess
import sys
from dataclasses import asdict, replace

import av
import numpy as np
import pytest
import torch
import yaml
from lightning.pytorch import Trainer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hdvg.errors import InputError
from hdvg.video import to_uint8, write_video
from vfmodel import sample_grids
from vfmodel.data import ClipConfig, ClipDataModule
from vfmodel.ema import EMA
from vfmodel.export import export_model
from vfmodel.objective import ObjectiveConfig
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.sample_grids import SampleConfig, SampleGrids
from vfmodel.tensorboard_events import TensorBoardEvents
from vfmodel.text_to_video import generate
from vfmodel.training import OptimiserConfig, VideoDiffusion
from vfmodel.video_grid import compose_grid

PROMPTS = ("a red circle", "a blue square", "a star")
ASKED = SampleConfig(prompts=PROMPTS, every=2, steps=2, guidance_scale=2.0, seed=5)


def fit(tiny_base, tiny_unet, folder, asked=None, steps=3):
    """Trains with samples every second step, or without any."""
    sizes = replace(tiny_unet, sample_height=2, sample_width=3, num_frames=3, fps=4.0)
    model = VideoDiffusion(
        sizes,
        base=tiny_base,
        objective=ObjectiveConfig(noise_sharing=0.5),
        optimiser=OptimiserConfig(lr=3e-3, warmup_steps=1),
        caption_dropout=0.5,
        swap_start_step=1,
    )
    ema, events = EMA(0.9), TensorBoardEvents(folder)
    grids = [SampleGrids(asked, ema, folder / "samples", events)] if asked else []
    trainer = Trainer(
        max_steps=steps,
        max_epochs=1,
        accelerator="cpu",
        precision="bf16-mixed",
        logger=events,
        callbacks=[ema, *grids],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )
    clip = ClipConfig(num_frames=3, height=16, width=24, fps=4.0)
    trainer.fit(model, ClipDataModule("shapes:5", clip, batch_size=2, num_workers=0))
    return model, ema


def frames_of(path):
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def test_training_is_as_if_nobody_had_looked(tiny_base, tiny_unet, tmp_path):
    torch.manual_seed(1)
    seen, seen_ema = fit(tiny_base, tiny_unet, tmp_path / "seen", ASKED)
    torch.manual_seed(2)
    alone, alone_ema = fit(tiny_base, tiny_unet, tmp_path / "alone")
    for one, other in (
        (seen.state_dict(), alone.state_dict()),
        (seen_ema.average(), alone_ema.average()),
    ):
        assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert seen.unet.training == alone.unet.training
    # Every second step, and the last one.
    names = sorted(path.name for path in (tmp_path / "seen" / "samples").iterdir())
    assert names == ["step-000002.mp4", "step-000003.mp4"]
    told = EventAccumulator(str(tmp_path / "seen"))
    told.Reload()
    assert [image.step for image in told.Images("samples")] == [2, 3]


def test_the_tiles_are_what_the_exported_average_makes(tiny_base, tiny_unet, tmp_path, monkeypatch):
    grids = []
    monkeypatch.setattr(
        sample_grids, "write_video", lambda path, grid, fps: grids.append((path.name, grid, fps))
    )
    # Without autocast, as whoever loads the model folder has it.
    monkeypatch.setattr(
        "lightning.pytorch.plugins.precision.MixedPrecision.autocast_context_manager",
        lambda _: torch.autocast("cpu", enabled=False),
    )
    model, ema = fit(tiny_base, tiny_unet, tmp_path, ASKED, steps=2)
    unet = ema.averaged_module().unet
    folder = export_model(tmp_path / "model", unet, model.objective, tiny_base)
    pipeline = VideoFactoryPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    videos = [
        generate(prompt, model=pipeline, seed=5 + i, steps=2, guidance_scale=2.0)
        for i, prompt in enumerate(PROMPTS)
    ]
    want = compose_grid([to_uint8(video.frames.numpy()) for video in videos], PROMPTS)
    [(name, grid, fps)] = grids
    assert (name, fps) == ("step-000002.mp4", 4.0)
    assert np.abs(grid.astype(int) - want.astype(int)).max() <= 1
    assert len({videos[i].frames.sum().item() for i in range(3)}) == 3


def test_a_sample_that_fails_is_named_and_training_goes_on(
    tiny_base, tiny_unet, tmp_path, monkeypatch, caplog
):
    sample, grids = VideoFactoryPipeline.__call__, []

    def fail(pipeline, prompt, **options):
        if prompt == "a blue square":
            raise torch.OutOfMemoryError("out of memory")
        return sample(pipeline, prompt, **options)

    def full(path, grid, fps):
        grids.append(grid)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(VideoFactoryPipeline, "__call__", fail)
    monkeypatch.setattr(sample_grids, "write_video", full)
    with caplog.at_level(logging.ERROR):
        fit(tiny_base, tiny_unet, tmp_path, ASKED, steps=2)
    assert [record.getMessage() for record in caplog.records] == [
        "step 2: no sample of 'a blue square': out of memory",
        "step 2: the samples could not be written: [Errno 28] No space left on device",
    ]
    [grid] = grids
    grey = compose_grid([np.full((3, 3, 16, 24), 128, np.uint8)] * 3, PROMPTS)
    tiles = [slice(8 + n * 272, 264 + n * 272) for n in range(3)]
    same = [(grid[..., tile] == grey[..., tile]).all() for tile in tiles]
    assert same == [False, True, False]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"prompts": ()}, "samples.prompts"),
        ({"prompts": ("a", " ")}, "empty"),
        ({"every": 0}, "samples.every .* got 0"),
        ({"steps": 0}, "num_inference_steps"),
        ({"guidance_scale": -1.0}, "guidance_scale"),
        ({"seed": -1}, "samples.seed .* got -1"),
    ],
)
def test_requests_that_make_no_sense_are_named(changes, named):
    with pytest.raises(InputError, match=named):
        SampleConfig(**({"prompts": ("a",)} | changes))


@pytest.mark.slow  # two processes import torch and lightning
def test_two_processes_share_the_prompts(tiny_base, tiny_unet, tmp_path):
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(tiny_unet).items()}
    settings = {
        "run": str(tmp_path / "run"),
        "samples": asdict(ASKED) | {"prompts": list(PROMPTS)},
        "model": {"unet": plain, "base": tiny_base, "optimiser": {"warmup_steps": 1}},
        "data": {
            "root": "shapes:4",
            "clip": {"num_frames": 3, "height": 16, "width": 24, "fps": 4.0},
            "batch_size": 1,
            "num_workers": 0,
        },
        "trainer": {"max_steps": 2, "accelerator": "cpu", "devices": 2, "strategy": "ddp"},
    }
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump(settings))
    command = [sys.executable, "-m", "vfmodel", "fit", "--config", str(config)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    assert [path.name for path in (tmp_path / "run" / "samples").iterdir()] == ["step-000002.mp4"]
    index = json.loads((tmp_path / "run" / "model" / "model_index.json").read_text())
    assert index["noise_sharing"] == 0.0
    pipeline = VideoFactoryPipeline.from_pretrained(tmp_path / "run" / "model")
    pipeline.set_progress_bar_config(disable=True)
    videos = [
        generate(prompt, model=pipeline, seed=5 + i, steps=2, guidance_scale=2.0)
        for i, prompt in enumerate(PROMPTS)
    ]
    grid = compose_grid([to_uint8(video.frames.numpy()) for video in videos], PROMPTS)
    want = frames_of(write_video(tmp_path / "want.mp4", grid, 4.0))
    found = frames_of(tmp_path / "run" / "samples" / "step-000002.mp4")
    assert np.abs(found.astype(int) - want.astype(int)).max() <= 4
