"""PySceneDetect's AdaptiveDetector, fed with the same changes, is the truth."""

import numpy as np
import pytest
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from hdvg.scan.find_cuts import find_cuts


class _Fed(AdaptiveDetector):
    """Takes its scores from a list instead of a picture."""

    def __init__(self, changes, **options):
        super().__init__(min_scene_len=1, **options)
        self._changes = iter(changes)

    def _calculate_frame_score(self, timecode, frame_img):
        return next(self._changes)


def _theirs(changes, threshold, least):
    detector = _Fed(changes, adaptive_threshold=threshold, min_content_val=least)
    found = []
    for index in range(len(changes)):
        cuts = detector.process_frame(FrameTimecode(index, fps=25.0), None)
        found += [cut.frame_num for cut in cuts]
    return found


@pytest.mark.parametrize("seed", range(8))
def test_cuts_are_py_scene_detect_s(seed):
    rng = np.random.default_rng(seed)
    changes = rng.exponential(4.0, 400) * rng.choice([0.0, 1.0, 1.0], 400)
    changes[rng.integers(0, 400, 25)] += rng.uniform(5, 80, 25)
    for threshold, least in ((3.0, 15.0), (2.0, 8.0), (5.0, 30.0)):
        found = find_cuts(changes, threshold, least)
        assert found == _theirs(changes.tolist(), threshold, least)
        assert found


def test_too_few_frames_hold_no_cut():
    assert find_cuts(np.asarray([0.0, 90.0, 0.0, 0.0]), 3.0, 15.0) == []


def test_motion_over_skipped_frames_is_no_rival_of_a_cut():
    steps = np.asarray([1, 4, 4, 1, 4, 1, 1, 4, 3, 4.0])
    change = 10.0 * np.sqrt(steps)
    change[6] = 37.0
    assert find_cuts(change, 3.0, 15.0) == []
    assert find_cuts(change, 3.0, 15.0, steps) == [6]
    assert find_cuts(change, 3.0, 38.0, steps) == []
