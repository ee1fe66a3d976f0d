"""Figures in the middle of a training: what the exported average is worth, on any processes."""

import csv
import logging
from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml
from lightning.pytorch import Trainer
from scipy.linalg import sqrtm
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import distributed, multiprocessing

from hdvg.errors import InputError
from hdvg.video import to_uint8
from vfmodel.data import ClipConfig, ClipDataModule
from vfmodel.ema import EMA
from vfmodel.evaluation.clipsim import ClipSim
from vfmodel.evaluation.fit_frames import fit_frames
from vfmodel.evaluation.fvd.fvd_metric import FVD, FVDConfig
from vfmodel.evaluation.fvd.shapes_network import load_shapes_network
from vfmodel.evaluation.load_clip import load_clip
from vfmodel.evaluation.plan_samples import Sample, seed_of
from vfmodel.evaluation.shapes_prompts import draw_prompts
from vfmodel.export import export_model
from vfmodel.figure_config import FigureConfig
from vfmodel.pipeline import VideoFactoryPipeline
from vfmodel.run_folder import MetricsFile
from vfmodel.sample_figures import SampleFigures, measure_share
from vfmodel.tensorboard_events import TensorBoardEvents
from vfmodel.text_to_video import generate
from vfmodel.training import OptimiserConfig, VideoDiffusion

PROTOCOL = {
    "name": "mine",
    "version": 1,
    "about": "a test",
    "prompts": {"source": "shapes", "num_samples": 9, "seed": 3},
    "real": {"dataset": "shapes", "num_clips": 5, "seed": 4},
    "frames": {"num_frames": 4, "fps": 4.0, "fit": ["resize 64x112 bilinear antialias"]},
    "metrics": ["fvd", "clipsim"],
    "fvd_features": "shapes",
    "clip_model": "shapes",
}
FVD_NAME, CLIP_NAME = "shapes-FVD", "shapes-CLIPSIM"


@pytest.fixture
def asked(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(PROTOCOL))
    return FigureConfig(protocol=str(path), every=2, num_samples=3, steps=2, guidance_scale=2.0)


def fit(tiny_base, tiny_unet, folder, asked=None):
    sizes = replace(tiny_unet, sample_height=2, sample_width=3, num_frames=3, fps=4.0)
    model = VideoDiffusion(
        sizes, base=tiny_base, optimiser=OptimiserConfig(lr=3e-3, warmup_steps=1)
    )
    ema = EMA(0.9)
    trainer = Trainer(
        max_steps=3,
        max_epochs=1,
        accelerator="cpu",
        logger=[MetricsFile(folder / "metrics.csv"), TensorBoardEvents(folder)],
        callbacks=[ema, *([SampleFigures(asked, ema, folder)] if asked else [])],
        log_every_n_steps=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=folder,
    )
    clip = ClipConfig(num_frames=3, height=16, width=24, fps=4.0)
    trainer.fit(model, ClipDataModule("shapes:5", clip, batch_size=2, num_workers=0))
    return model, ema


def distance(made, real):
    """The definition, with SciPy's root."""
    apart = made.mean(0) - real.mean(0)
    one, two = np.cov(made.T), np.cov(real.T)
    return apart @ apart + np.trace(one + two - 2 * sqrtm(one @ two).real)


def features_of(clips):
    network = load_shapes_network()
    steps = PROTOCOL["frames"]["fit"]
    return np.stack([network.extract(fit_frames(clip, steps)).double().numpy() for clip in clips])


def test_the_curves_are_what_the_exported_average_is_worth(asked, tiny_base, tiny_unet, tmp_path):
    model, ema = fit(tiny_base, tiny_unet, tmp_path / "run", asked)
    with (tmp_path / "run" / "metrics.csv").open(newline="") as lines:
        rows = {int(row["step"]): row for row in csv.DictReader(lines)}
    # After two steps, and after the last one; beside the loss of the same step.
    assert [step for step, row in rows.items() if row[f"figures/{FVD_NAME}"]] == [1, 2]
    assert all(row["train/loss"] for row in rows.values())
    told = EventAccumulator(str(tmp_path / "run"))
    told.Reload()
    for name in (FVD_NAME, CLIP_NAME):
        points = {event.step: event.value for event in told.Scalars(f"figures/{name}")}
        assert points == pytest.approx({s: float(rows[s][f"figures/{name}"]) for s in (1, 2)})

    folder = export_model(
        tmp_path / "model", ema.averaged_module().unet, model.objective, tiny_base
    )
    pipeline = VideoFactoryPipeline.from_pretrained(folder)
    pipeline.set_progress_bar_config(disable=True)
    prompts = draw_prompts(3, 3, 0.75)
    clips = []
    for number, prompt in enumerate(prompts):
        video = generate(
            prompt.text,
            model=pipeline,
            seed=seed_of(3, f"shapes_{number:04d}"),
            num_frames=4,
            steps=2,
            guidance_scale=2.0,
        )
        clips.append(torch.from_numpy(to_uint8(video.frames.numpy())))
    real = [prompt.render(4, 4.0, 96, 176) for prompt in draw_prompts(5, 4, 0.75)]
    want = distance(features_of(clips), features_of(real))
    assert float(rows[2][f"figures/{FVD_NAME}"]) == pytest.approx(want, rel=1e-3)
    similarity = ClipSim(load_clip())
    for clip, prompt in zip(clips, prompts, strict=True):
        similarity.update(clip, prompt.text)
    assert float(rows[2][f"figures/{CLIP_NAME}"]) == pytest.approx(
        float(similarity.compute()), abs=1e-4
    )


def test_training_is_as_if_nobody_had_looked(asked, tiny_base, tiny_unet, tmp_path):
    seen, _ = fit(tiny_base, tiny_unet, tmp_path / "seen", asked)
    alone, _ = fit(tiny_base, tiny_unet, tmp_path / "alone")
    others = alone.state_dict()
    assert all(torch.equal(value, others[name]) for name, value in seen.state_dict().items())


def test_what_is_lacking_is_said_before_training(asked, tmp_path):
    for changes, message in (
        ({"protocol": "nowhere"}, "no protocol 'nowhere'"),
        ({"protocol": "ucf101_videofactory"}, "--i3d"),
        ({"protocol": "msrvtt_videofactory"}, "give its folder"),
        ({"protocol": "stylegan_v", "num_samples": None}, "has no prompts"),
    ):
        with pytest.raises(InputError, match=message):
            SampleFigures(replace(asked, **changes), EMA(0.9), tmp_path)


SAMPLES = [Sample(name=str(n), prompt=f"a circle {n}", seed=n) for n in range(5)]


def draw(sample):
    """Noise, by the sample alone; the last one fails."""
    if sample.seed == 4:
        raise RuntimeError("out of memory")
    generator = torch.Generator().manual_seed(sample.seed)
    return torch.randint(0, 40 * (sample.seed + 1), (4, 3, 8, 9), generator=generator).byte()


def measure(share):
    network = load_shapes_network()
    real = FVD(network, FVDConfig())
    for number in range(6):
        real.update(draw(SAMPLES[number % 4]).flip(0), real=True)
    config = FVDConfig(num_resamples=0, allow_unequal=True)
    metrics = {
        FVD_NAME: FVD(network, config, real=real.feature_set()),
        CLIP_NAME: ClipSim(load_clip()),
    }
    return measure_share(share, draw, metrics, torch.device("cpu"))


def test_a_sample_that_fails_is_named_and_too_few_give_no_figure(caplog):
    with caplog.at_level(logging.ERROR):
        figures = measure(SAMPLES[3:])
    assert list(figures) == [CLIP_NAME]
    messages = [record.getMessage() for record in caplog.records]
    assert messages[0] == "no figures of 'a circle 4': out of memory"
    assert messages[1].startswith(f"no {FVD_NAME}: ")


def _measure_as(rank, folder):
    torch.set_num_threads(1)
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    figures = measure(SAMPLES[rank::2])
    (folder / f"{rank}.yaml").write_text(yaml.safe_dump(figures))
    distributed.destroy_process_group()


def test_processes_have_one_processs_figures(tmp_path):
    multiprocessing.start_processes(_measure_as, (tmp_path,), nprocs=2, start_method="fork")
    first, second = (yaml.safe_load((tmp_path / f"{rank}.yaml").read_text()) for rank in (0, 1))
    assert first == second
    assert first == pytest.approx(measure(SAMPLES), rel=1e-6)
