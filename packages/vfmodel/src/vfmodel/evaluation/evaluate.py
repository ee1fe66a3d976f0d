"""One evaluation from protocol to result file: list, generate what is missing, look, measure."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from hdvg.errors import InputError
from vfmodel.evaluation.choose_metrics import choose_metrics, choose_network, fvd_config
from vfmodel.evaluation.clip_metric import ClipMetric
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.fvd.fvd_metric import FVD
from vfmodel.evaluation.generated_clips import GeneratedClips, find_generated
from vfmodel.evaluation.generation.make_missing import Team, make_alone, make_on_workers
from vfmodel.evaluation.generation.maker_config import MakerConfig
from vfmodel.evaluation.generation.video_folder import VideoFolder
from vfmodel.evaluation.generation.video_maker import describe_maker
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.plan_samples import Sample, plan_samples
from vfmodel.evaluation.protocol import Protocol
from vfmodel.evaluation.real_set.listed_videos import ListedVideos
from vfmodel.evaluation.real_set.read_dataset import read_real
from vfmodel.evaluation.real_set.real_clips import real_clips
from vfmodel.evaluation.real_set.real_features import RealFeatures, real_features
from vfmodel.evaluation.result_file import RESULT_FILE, build_result, write_result
from vfmodel.evaluation.score_clips import score_clips
from vfmodel.evaluation.settle_protocol import settle_protocol

LOG = logging.getLogger(__name__)

# A folder may lack thousands of videos; some names tell which.
_MAX_NAMES = 50


def evaluate(config: EvaluateConfig, maker: MakerConfig) -> dict[str, Any] | None:
    """Evaluates one folder of videos and writes its result file.

    Returns:
        The file's content; None where a launcher runs several processes, which only make videos.

    Raises:
        InputError: Something is missing that no video can replace: weights, a dataset, a model.
    """
    protocol, captions = settle_protocol(config)
    listed = read_real(config.real, protocol.real)
    samples = plan_samples(protocol, listed, captions)
    # All that may be refused, before hours of generation.
    metrics = choose_metrics(protocol)
    fvd: FVD | None = None
    if "fvd" in protocol.metrics:
        network = choose_network(protocol, config)
        fvd = FVD(network, fvd_config(protocol, network)).to(_device())
    if maker.model is not None and not _generate(config, maker, protocol, samples):
        return None
    generated = find_generated(config.videos, samples, protocol.frames)
    features = None
    if fvd is not None:
        clips = real_clips(protocol, listed)
        features = real_features(protocol, clips, fvd, config.cache or config.out)
        metrics["fvd"] = FVD(fvd.network, fvd.config, real=features.features)
    placed = {name: metric.to(_device()) for name, metric in metrics.items()}
    broken = score_clips(generated.clips, placed)
    result = build_result(
        model=config.name or maker.model or Path(config.videos).resolve().name,
        protocol=protocol,
        figures=_measure(metrics, protocol),
        counts=_count_generated(protocol, generated, broken),
        real=_count_real(protocol, listed, features),
        made_with=VideoFolder(config.videos).made_with(),
    )
    write_result(Path(config.out) / RESULT_FILE, result)
    return result


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _generate(
    config: EvaluateConfig, maker: MakerConfig, protocol: Protocol, samples: list[Sample]
) -> bool:
    """Makes what is missing; whether this process goes on to measure."""
    if not samples:
        raise InputError(f"{protocol.name} has no prompts, so nothing can be made for it")
    folder, num_frames = Path(config.videos), protocol.frames.num_frames
    made_with = {**_describe_prompts(protocol), **describe_maker(maker, num_frames)}
    VideoFolder(folder).prepare(samples, made_with)
    team = Team.of_launcher()
    if team.world_size > 1:
        make_alone(folder, samples, maker, num_frames, team)
        LOG.info("process %d has made its share; measure without a launcher", team.rank)
        return False
    make_on_workers(folder, samples, maker, num_frames, config.workers)
    return True


def _describe_prompts(protocol: Protocol) -> dict[str, Any]:
    """What decides a sample's prompt and seed; not their number, since more are added to fewer."""
    prompts = asdict(protocol.prompts)
    prompts.pop("num_samples")
    return {
        "prompts": prompts,
        "prompts_of": protocol.real.dataset,
        "captions_digest": protocol.captions_digest,
    }


def _measure(metrics: dict[str, ClipMetric], protocol: Protocol) -> list[MetricResult]:
    """The figures in the protocol's order."""
    return [metrics[name].result() for name in protocol.metrics if name in metrics]


def _count_generated(
    protocol: Protocol, generated: GeneratedClips, broken: dict[str, str]
) -> dict[str, Any]:
    """Counts of the generated videos; what an incomplete list does not ask for is missing too."""
    there = len(generated.clips)
    return {
        "asked": protocol.prompts.num_samples or there,
        "scored": there - len(broken),
        "missing": max(0, protocol.prompts.num_samples - there),
        "broken": len(broken),
        "not_asked_for": generated.strangers,
        "missing_names": generated.missing[:_MAX_NAMES],
        "broken_names": dict(list(broken.items())[:_MAX_NAMES]),
    }


def _count_real(
    protocol: Protocol, listed: ListedVideos | None, features: RealFeatures | None
) -> dict[str, Any]:
    """Counts of the real videos; none are asked for where no figure compares with any."""
    counts: dict[str, Any] = listed.counts() if listed is not None else {}
    counts["dataset"] = protocol.real.dataset
    if features is None:
        return {**counts, "asked": 0, "used": 0, "broken": {}}
    return {
        **counts,
        "asked": protocol.real.num_clips,
        "used": len(features.features.features),
        "broken": dict(list(features.broken.items())[:_MAX_NAMES]),
    }
