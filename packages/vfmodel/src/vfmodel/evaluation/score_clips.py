"""Shows clips to metrics; one that cannot be read or judged is counted and takes no other down."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence

from jaxtyping import UInt8
from torch import Tensor

from hdvg.errors import InputError
from vfmodel.evaluation.clip_metric import ClipMetric
from vfmodel.evaluation.real_set.real_clips import Clip

LOG = logging.getLogger(__name__)

_TELL_EVERY_S = 30.0
Judge = Callable[[UInt8[Tensor, "T 3 H W"], str], None]


def score_clips(clips: Sequence[Clip], metrics: Mapping[str, ClipMetric]) -> dict[str, str]:
    """Updates every metric with every clip.

    Returns:
        Why a clip was not judged, by name. It is in none of the metrics if it could not be read; if
        a metric refused it, it is in those that came before.
    """
    return show_clips(clips, [metric.update for metric in metrics.values()])


def show_clips(clips: Sequence[Clip], judges: Sequence[Judge]) -> dict[str, str]:
    """As `score_clips`, for any functions of frames and prompt."""
    broken: dict[str, str] = {}
    told_s = time.monotonic()
    for done, clip in enumerate(clips, start=1):
        try:
            frames = clip.read()
            for judge in judges:
                judge(frames, clip.prompt)
        except InputError as error:
            broken[clip.name] = " ".join(str(error).split())
            LOG.warning("%s is left out: %s", clip.name, broken[clip.name])
        if time.monotonic() - told_s > _TELL_EVERY_S:
            told_s = time.monotonic()
            LOG.info("%d of %d videos looked at", done, len(clips))
    return broken
