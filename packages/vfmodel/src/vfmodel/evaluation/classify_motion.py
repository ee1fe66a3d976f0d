"""A path to one of the corpus' six motions.

Lengths are in heights; y grows downwards.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

# The slowest that the corpus moves: 0.95 heights across or 0.50 up or down in a scene of 3 s, and a
# radius that grows from 0.55 to 1.45 of itself in it, which at its slowest, the end of the scene,
# is 0.9 / 3 / 1.45 of itself a second.
_SLOWEST_ACROSS = 0.95 / 3.0
_SLOWEST_UPRIGHT = 0.50 / 3.0
_SLOWEST_GROWTH = 0.9 / 3.0 / 1.45
# Of the slowest: below it a thing stays still. Half-way between what rests and what moves.
_MOVES = 0.5


class Place(NamedTuple):
    """Where a thing is in one frame.

    Attributes:
        t_s: Time in seconds.
        x: Centre.
        y: Centre.
        radius: Of the enclosing circle.
    """

    t_s: float
    x: float
    y: float
    radius: float


def classify_motion(path: Sequence[Place]) -> tuple[str, float]:
    """The motion that a path shows, and by how much it leads.

    Each speed is the slope of a straight line through the path, in multiples of the corpus'
    slowest. The largest decides if it is over a half; otherwise the thing stays still.

    Args:
        path: At least two places, at different times.

    Returns:
        One of `hdvg.shapes.scene.MOTIONS`; and how far it is from the next answer, in multiples of
        the slowest speed.
    """
    times, xs, ys, radii = np.asarray(path, np.float64).T
    across = _slope(times, xs) / _SLOWEST_ACROSS
    upright = _slope(times, ys) / _SLOWEST_UPRIGHT
    speeds = {
        "moving left": -across,
        "moving right": across,
        "moving up": -upright,
        "moving down": upright,
        "staying still": _MOVES,
        "growing": _slope(times, np.log(radii)) / _SLOWEST_GROWTH,
    }
    first, second = sorted(speeds, key=lambda name: speeds[name], reverse=True)[:2]
    return first, float(speeds[first] - speeds[second])


def _slope(
    times: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    values: "np.ndarray[tuple[int], np.dtype[np.float64]]",
) -> float:
    """Slope of the straight line through the values that Theil and Sen take: the median of pairs.

    A frame in which the thing was lost does not move it.
    """
    first, second = np.triu_indices(len(times), 1)
    return float(np.median((values[second] - values[first]) / (times[second] - times[first])))
