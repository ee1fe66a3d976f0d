"""FVD and CLIPSIM of samples in the middle of a training: how far it has come, in two curves.

Every process makes its share of the videos from the averaged weights and looks at it; the metrics
are merged, so that all have the figures of all videos. Random numbers come from generators of their
own, so training does not notice.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import torch
from jaxtyping import UInt8
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from hdvg.errors import InputError
from hdvg.video import to_uint8
from vfmodel.averaged_pipeline import averaged_pipeline
from vfmodel.ema import EMA
from vfmodel.evaluation.choose_metrics import choose_network, fvd_config
from vfmodel.evaluation.clip_metric import ClipMetric
from vfmodel.evaluation.clipsim import ClipSim
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.fvd.feature_set import FeatureSet
from vfmodel.evaluation.fvd.fvd_metric import FVD
from vfmodel.evaluation.load_clip import load_clip
from vfmodel.evaluation.plan_samples import Sample, plan_samples
from vfmodel.evaluation.real_set.read_dataset import read_real
from vfmodel.evaluation.real_set.real_clips import real_clips
from vfmodel.evaluation.real_set.real_features import real_features
from vfmodel.evaluation.settle_protocol import settle_protocol
from vfmodel.figure_config import FigureConfig
from vfmodel.sample_schedule import SampleSchedule
from vfmodel.training import VideoDiffusion

LOG = logging.getLogger(__name__)

# What may go wrong with one sample that is no reason to end a training.
_BEARABLE = (RuntimeError, ValueError, OSError)
Make = Callable[[Sample], UInt8[Tensor, "T 3 H W"]]


class SampleFigures(Callback):
    """Logs `figures/shapes-FVD` and `figures/shapes-CLIPSIM`, or what the protocol has for them.

    They have no intervals, and fewer videos than a protocol asks for: they show a trend within one
    run, and are no results.
    """

    def __init__(self, config: FigureConfig, ema: EMA, folder: Path) -> None:
        """Loads the networks.

        Args:
            config: What is measured.
            ema: Whose average samples.
            folder: Of the run, where the real videos' features are kept.

        Raises:
            InputError: No such protocol, or something that it needs is missing.
        """
        self.config, self._ema, self._folder = config, ema, folder
        asked = EvaluateConfig(
            videos=str(folder / "samples"),
            out=str(folder),
            protocol=config.protocol,
            real=config.real,
            num_samples=config.num_samples,
            i3d=config.i3d,
            script=config.script,
        )
        self._protocol, captions = settle_protocol(asked)
        listed = read_real(config.real, self._protocol.real)
        self._samples = plan_samples(self._protocol, listed, captions)
        if not self._samples:
            raise InputError(f"{self._protocol.name} has no prompts, so nothing can be sampled")
        wanted = self._protocol.metrics
        self._network = choose_network(self._protocol, asked) if "fvd" in wanted else None
        self._clip = load_clip(self._protocol.clip_model) if "clipsim" in wanted else None
        if self._network is None and self._clip is None:
            raise InputError(f"{self._protocol.name} takes neither FVD nor CLIPSIM")
        self._clips = [] if self._network is None else real_clips(self._protocol, listed)
        self._real: FeatureSet | None = None
        self._schedule = SampleSchedule(config.every)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Looks at the real videos, once for all runs of this folder and for all processes."""
        self._schedule.begin(trainer)
        if self._network is None:
            return
        found: FeatureSet | None = None
        if trainer.is_global_zero:
            config = fvd_config(self._protocol, self._network)
            metric = FVD(self._network, config).to(pl_module.device)
            found = real_features(self._protocol, self._clips, metric, self._folder).features
        self._real = trainer.strategy.broadcast(found)

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: object) -> None:
        """Measures after the steps that are due and after the last one."""
        if not self._schedule.is_due(trainer):
            return
        share = self._samples[trainer.global_rank :: trainer.world_size]
        with trainer.precision_plugin.forward_context():
            make = self._maker(cast(VideoDiffusion, pl_module))
            figures = measure_share(share, make, self._new_metrics(), pl_module.device)
        # Lightning counts the step that has just been taken from 0, as train/loss has it.
        told = {f"figures/{name}": value for name, value in figures.items()}
        for logger in trainer.loggers:
            logger.log_metrics(told, step=trainer.global_step - 1)

    def _new_metrics(self) -> dict[str, ClipMetric]:
        metrics: dict[str, ClipMetric] = {}
        if self._network is not None:
            # A curve needs no interval; real videos outnumber samples by intent.
            usual = fvd_config(self._protocol, self._network)
            config = replace(usual, num_resamples=0, allow_unequal=True)
            metrics[self._network.figure] = FVD(self._network, config, real=self._real)
        if self._clip is not None:
            metrics[self._clip.figure] = ClipSim(self._clip)
        return metrics

    def _maker(self, model: VideoDiffusion) -> Make:
        pipeline = averaged_pipeline(model, self._ema)

        def make(sample: Sample) -> UInt8[Tensor, "T 3 H W"]:
            (frames,) = pipeline(
                sample.prompt,
                generator=torch.Generator().manual_seed(sample.seed),
                num_frames=self._protocol.frames.num_frames,
                num_inference_steps=self.config.steps,
                guidance_scale=self.config.guidance_scale,
                return_dict=False,
            )
            return torch.from_numpy(to_uint8(frames[0].float().cpu().numpy()))

        return make


def measure_share(
    share: Sequence[Sample], make: Make, metrics: Mapping[str, ClipMetric], device: torch.device
) -> dict[str, float]:
    """Makes this process's videos, shows them to the metrics, and merges with other processes.

    Every process has to call it, also one without a share.

    Args:
        share: This process's samples; one that fails is named in the log and left out.
        make: Makes one, RGB in 0..255.
        metrics: By the figures' names; they are empty.
        device: Where they compute.

    Returns:
        The figures of all processes' videos; without one that has too few.
    """
    placed = {name: metric.to(device) for name, metric in metrics.items()}
    for sample in share:
        try:
            frames = make(sample)
            for metric in placed.values():
                metric.update(frames, sample.prompt)
        except _BEARABLE as error:
            LOG.error("no figures of %r: %s", sample.prompt, error)
    figures = {}
    for name, metric in placed.items():
        try:
            figures[name] = float(metric.compute())
        except InputError as error:
            LOG.error("no %s: %s", name, error)
    return figures
