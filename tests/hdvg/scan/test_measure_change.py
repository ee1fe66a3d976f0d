"""PySceneDetect's own detector is the truth about the content value."""

import cv2
import numpy as np
import pytest
from scenedetect import FrameTimecode
from scenedetect.detectors import ContentDetector

from hdvg.scan.measure_change import ChangeMeter
from hdvg.scan.planes import LEVELS, SmallPicture


def _pictures(count, rng):
    """Small pictures with chroma far from grey, whose hue is not smoothed."""
    for _ in range(count):
        yuv = rng.integers(60, 200, (108, 128), dtype=np.uint8)
        yuv[72:] = rng.choice([70, 90, 170, 190], (36, 128))
        yield SmallPicture(yuv)


def test_change_is_py_scene_detect_s():
    theirs, ours = ContentDetector(), ChangeMeter()
    for index, picture in enumerate(_pictures(6, np.random.default_rng(0))):
        bgr = cv2.cvtColor(picture.yuv, cv2.COLOR_YUV2BGR_I420)
        theirs.process_frame(FrameTimecode(index, fps=25.0), bgr)
        numbers = ours.measure(picture)
        assert numbers.change == pytest.approx(theirs._frame_score, abs=1e-6)


def test_luma_numbers_are_those_of_full_range_luma():
    rng = np.random.default_rng(1)
    meter = ChangeMeter()
    before = None
    for picture in _pictures(3, rng):
        numbers = meter.measure(picture)
        full = (picture.luma.astype(float) - 16) * 255 / 219
        assert numbers.luma == pytest.approx(full.mean(), abs=1e-6)
        assert numbers.contrast == pytest.approx(full.std(), abs=1e-6)
        if before is not None:
            assert numbers.motion == pytest.approx(np.abs(full - before).mean(), abs=1e-6)
        before = full
    assert pytest.approx(255 / 219) == LEVELS


def test_a_tinge_of_grey_is_no_change():
    meter = ChangeMeter()
    for tinge in (124, 132, 125):
        yuv = np.full((108, 128), 90, np.uint8)
        yuv[72:] = tinge
        change = meter.measure(SmallPicture(yuv)).change
    assert change == 0.0
