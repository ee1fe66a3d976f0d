"""Hard cuts, by the rule of PySceneDetect's AdaptiveDetector, over a stretch of frames at once."""

import numpy as np
import numpy.typing as npt

# Frames on either side whose changes are averaged; PySceneDetect's default.
WINDOW = 2
_NO_CHANGE = 1e-5


def find_cuts(
    change: npt.NDArray[np.float64],
    threshold: float,
    min_change: float,
    steps: npt.NDArray[np.float64] | None = None,
) -> list[int]:
    """Frames that begin a new shot.

    Args:
        change: Each frame's change from the one before, mean HSV levels of 0..255.
        threshold: How many times the mean of its four neighbours a cut's change is.
        min_change: Least change of a cut.
        steps: How many frames each one is after the one before, where frames were skipped: motion
            adds up over them, as their square root (chosen here).

    Returns:
        Indices, ascending, none within two frames of either end.
    """
    if len(change) < 2 * WINDOW + 1:
        return []
    pace = change if steps is None else change / np.sqrt(steps)
    around = np.lib.stride_tricks.sliding_window_view(pace, 2 * WINDOW + 1)
    centre = around[:, WINDOW]
    neighbours = (around.sum(axis=1) - centre) / (2 * WINDOW)
    still = neighbours < _NO_CHANGE
    sudden = still | (centre >= threshold * neighbours)
    large = change[WINDOW:-WINDOW] >= min_change
    return [int(i) + WINDOW for i in np.flatnonzero(sudden & large)]
