"""Finds where spans of an unknown offset lie, by the cuts that the video really has.

HD-VG-130M counts frames from a keyframe that nobody recorded, up to 5.5 s before the clip's start:
all parts of a clip lie earlier by one unknown time. The distances between the parts' ends are right
though, so the offset is the one that puts them on cuts of the real video. Where none does, or
several do, the spans stay as they are and count as uncertain by `early_s`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from hdvg.sources.source_video import Span

# Two detectors that agree on a cut differ by a frame or two, and frame rates in the list are means:
# three frames of the slowest usual rate, 24 a second.
_TOLERANCE_S = 0.125
# Chosen here: of the listed ends, and of the cuts that the video has there, at least this part must
# be matched.
_MIN_AGREEMENT = 0.6
# One end fits every cut in reach. With a tenth of the cuts missed and as many false ones, 12 % of
# the offsets found by one end were wrong and 1 % of those found by two (simulated as in the test of
# this module).
_MIN_INNER = 2
# A runner-up this near in agreement makes the answer a guess.
_MIN_LEAD = 0.15


def align_spans(spans: Sequence[Span], cuts_s: Sequence[float]) -> tuple[Span, ...]:
    """Moves the spans whose offset can be found to where they belong.

    Args:
        spans: Spans of one video; those of one clip are known by their names.
        cuts_s: Where the video cuts, in seconds from its first frame.

    Returns:
        The spans in their order; those that were placed have `early_s` 0.
    """
    groups: dict[str, list[Span]] = {}
    for span in spans:
        if span.early_s:
            groups.setdefault(span.name.rpartition("_")[0], []).append(span)
    offsets = {name: find_offset(group, cuts_s) for name, group in groups.items()}
    placed = []
    for span in spans:
        offset_s = offsets.get(span.name.rpartition("_")[0]) if span.early_s else None
        placed.append(span if offset_s is None else _moved(span, offset_s))
    return tuple(placed)


def find_offset(group: Sequence[Span], cuts_s: Sequence[float]) -> float | None:
    """How many seconds earlier the spans of one clip lie.

    Args:
        group: The parts of one clip; neighbours share an end, which is a cut.
        cuts_s: Where the video cuts, in seconds from its first frame.

    Returns:
        Seconds in [0, `early_s`], within the tolerance; None where the cuts do not tell.
    """
    ends = np.unique([time_s for span in group for time_s in (span.start_s, span.end_s)])
    # The first and the last are the clip's own edges, which need not be cuts.
    inner, cuts = ends[1:-1], np.asarray(sorted(cuts_s), np.float64)
    early_s = max(span.early_s for span in group)
    if len(inner) < _MIN_INNER or not len(cuts):
        return None
    candidates = np.unique((inner[:, None] - cuts[None, :]).ravel())
    slack_s = _TOLERANCE_S
    candidates = candidates[(candidates >= -slack_s) & (candidates <= early_s + slack_s)]
    if not len(candidates):
        return None
    scores = np.asarray([_agreement(ends, cuts, offset) for offset in candidates])
    best = int(np.argmax(scores))
    near = np.abs(candidates - candidates[best]) <= 2 * slack_s
    runner_up = scores[~near].max(initial=0.0)
    if scores[best] < _MIN_AGREEMENT or scores[best] - runner_up < _MIN_LEAD:
        return None
    refined = candidates[best] + _residual(inner - candidates[best], cuts)
    return float(np.clip(refined, 0.0, early_s))


def _agreement(
    ends: npt.NDArray[np.float64], cuts: npt.NDArray[np.float64], offset_s: float
) -> float:
    """F1 of the listed inner ends, moved, against the cuts inside the clip, 0..1."""
    inner = ends[1:-1] - offset_s
    inside = cuts[(cuts > ends[0] - offset_s + _TOLERANCE_S) & (cuts < ends[-1] - offset_s)]
    inside = inside[inside < ends[-1] - offset_s - _TOLERANCE_S]
    if not len(inside):
        return 0.0
    matched = np.abs(inner[:, None] - inside[None, :]) <= _TOLERANCE_S
    listed, found = matched.any(axis=1).mean(), matched.any(axis=0).mean()
    return float(2 * listed * found / (listed + found)) if listed + found else 0.0


def _residual(moved: npt.NDArray[np.float64], cuts: npt.NDArray[np.float64]) -> float:
    """Median distance in seconds from the nearest cuts, of the ends that have one."""
    distances = moved[:, None] - cuts[None, :]
    nearest = distances[np.arange(len(moved)), np.abs(distances).argmin(axis=1)]
    return float(np.median(nearest[np.abs(nearest) <= _TOLERANCE_S]))


def _moved(span: Span, offset_s: float) -> Span:
    start_s = max(0.0, span.start_s - offset_s)
    return replace(span, start_s=start_s, end_s=span.end_s - offset_s, early_s=0.0)
