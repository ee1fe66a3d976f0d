"""The metrics that a protocol takes, ready to be shown clips."""

from collections.abc import Callable

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric
from vfmodel.evaluation.clipsim import ClipSim
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.fit_frames import end_at
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork
from vfmodel.evaluation.fvd.fvd_metric import FVDConfig
from vfmodel.evaluation.fvd.load_i3d import load_i3d
from vfmodel.evaluation.fvd.load_torchscript import load_torchscript
from vfmodel.evaluation.fvd.shapes_network import load_shapes_network
from vfmodel.evaluation.load_clip import load_clip
from vfmodel.evaluation.pixels.dynamic_degree import DynamicDegree, DynamicDegreeConfig
from vfmodel.evaluation.pixels.flicker import Flicker
from vfmodel.evaluation.prompt_obedience import PromptObedience
from vfmodel.evaluation.protocol import Protocol


def choose_network(protocol: Protocol, config: EvaluateConfig) -> FeatureNetwork:
    """FVD's network.

    Raises:
        InputError: It needs a file of weights, and none was given or it is another one.
    """
    if config.script is not None:
        return load_torchscript(config.script)
    if protocol.fvd_features == "shapes":
        return load_shapes_network()
    if protocol.fvd_features != "i3d":
        raise InputError(
            f"{protocol.name} takes FVD with {protocol.fvd_features}: give its file with --script"
        )
    if config.i3d is None:
        raise InputError(
            f"{protocol.name} takes FVD with I3D: give a file of its weights with --i3d, or ask for"
            " another figure with --fvd_features shapes or --script"
        )
    return load_i3d(config.i3d, config.i3d_sha256)


def fvd_config(protocol: Protocol, network: FeatureNetwork) -> FVDConfig:
    """How FVD is taken; generated and real videos differ in number where the protocol has it so.

    Where another network has taken the place of the protocol's, frames come to its size.
    """
    fit = protocol.frames.fit
    return FVDConfig(
        fit=end_at(fit, network.height, network.width) if fit else None,
        allow_unequal=protocol.prompts.num_samples != protocol.real.num_clips,
    )


def choose_metrics(protocol: Protocol) -> dict[str, ClipMetric]:
    """Every metric of the protocol but FVD, which needs the real videos first, by name."""
    makers: dict[str, Callable[[], ClipMetric]] = {
        "clipsim": lambda: ClipSim(load_clip(protocol.clip_model)),
        "flicker": Flicker,
        "prompt_accuracy": lambda: PromptObedience(_rate(protocol)),
        "dynamic_degree": lambda: DynamicDegree(DynamicDegreeConfig(fps=_rate(protocol))),
    }
    return {name: makers[name]() for name in protocol.metrics if name in makers}


def _rate(protocol: Protocol) -> float:
    """Frames per second of the videos, which figures of motion need to know."""
    if protocol.frames.fps is None:
        raise InputError(f"{protocol.name} measures motion and names no frames.fps")
    return protocol.frames.fps
