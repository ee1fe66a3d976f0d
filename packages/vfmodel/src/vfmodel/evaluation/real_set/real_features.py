"""Features of a protocol's real clips, computed once and kept."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_set import FeatureSet
from vfmodel.evaluation.fvd.fvd_metric import FVD
from vfmodel.evaluation.generation.video_folder import replace_json
from vfmodel.evaluation.protocol import Protocol
from vfmodel.evaluation.real_set.real_clips import Clip
from vfmodel.evaluation.score_clips import show_clips

LOG = logging.getLogger(__name__)

_KEY_CHARS = 12


@dataclass(frozen=True, kw_only=True)
class RealFeatures:
    """What FVD compares with.

    Attributes:
        features: A row a clip.
        broken: Why a clip has none, by name.
    """

    features: FeatureSet
    broken: dict[str, str]


def real_features(
    protocol: Protocol, clips: list[Clip], metric: FVD, folder: str | Path
) -> RealFeatures:
    """Reads the features from a folder, or computes them and leaves them there.

    Args:
        protocol: Which frames are looked at.
        clips: The real ones.
        metric: An empty metric with the network, which is filled.
        folder: Where features are kept, by a digest of all that they depend on.

    Raises:
        InputError: No clip could be used.
    """
    key = _key(protocol, clips, metric.network.describe())
    path, about = Path(folder) / f"real_{key}.safetensors", Path(folder) / f"real_{key}.json"
    if path.is_file() and about.is_file():
        broken = json.loads(about.read_text(encoding="utf-8"))["broken"]
        return RealFeatures(features=FeatureSet.load(path), broken=broken)
    LOG.info("features of %d real videos: computed once, kept in %s", len(clips), path)
    broken = show_clips(clips, [lambda frames, prompt: metric.update(frames, real=True)])
    if len(broken) == len(clips):
        raise InputError(f"none of {len(clips)} real videos could be used: {broken.popitem()[1]}")
    found = metric.feature_set()
    path.parent.mkdir(parents=True, exist_ok=True)
    found.save(path)
    replace_json(about, {"protocol": protocol.label, "asked": len(clips), "broken": broken})
    return RealFeatures(features=found, broken=broken)


def _key(protocol: Protocol, clips: list[Clip], network: dict[str, Any]) -> str:
    content = [
        asdict(protocol.real),
        asdict(protocol.frames),
        network,
        [clip.name for clip in clips],
    ]
    text = json.dumps(content, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARS]
