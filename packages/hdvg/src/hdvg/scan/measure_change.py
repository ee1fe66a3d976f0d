"""How much a frame differs from the one before it: PySceneDetect's content value, and luma's."""

from dataclasses import dataclass

import cv2
import numpy as np

from hdvg.scan.planes import BLACK, LEVELS, Plane, SmallPicture

# Chroma this near to grey is coding noise, whose hue jumps at every keyframe of the file and would
# look like a cut. Chosen here: H.264 at crf 23 moves the chroma of grey areas by up to 5.
_GREY_REACH = 6
_RAMP = np.arange(256)
_WITHOUT_TINGE = np.where(np.abs(_RAMP - 128) <= _GREY_REACH, 128, _RAMP).astype(np.uint8)


@dataclass(frozen=True, kw_only=True)
class FrameNumbers:
    """What is kept of a frame.

    Attributes:
        change: Mean difference from the frame before over hue, saturation and value, 8 bits each,
            as PySceneDetect's ContentDetector computes it; 0 for the first frame.
        motion: Mean absolute difference of luma from the frame before, levels of 0..255.
        luma: Mean luma, levels of 0..255.
        contrast: Standard deviation of luma, in levels.
    """

    change: float
    motion: float
    luma: float
    contrast: float


class ChangeMeter:
    """Compares each picture with the one before."""

    def __init__(self) -> None:
        self._hsv: Plane | None = None
        self._luma: Plane | None = None

    def measure(self, picture: SmallPicture) -> FrameNumbers:
        """The numbers of the next frame; its picture must not be written to any more."""
        luma = picture.luma
        mean, deviation = cv2.meanStdDev(luma)
        hsv = _to_hsv(picture)
        change = motion = 0.0
        if self._hsv is not None and self._luma is not None and self._hsv.shape == hsv.shape:
            change = cv2.norm(hsv, self._hsv, cv2.NORM_L1) / hsv.size
            motion = cv2.norm(luma, self._luma, cv2.NORM_L1) / luma.size * LEVELS
        self._hsv, self._luma = hsv, luma
        return FrameNumbers(
            change=change,
            motion=motion,
            luma=max(0.0, (float(mean[0, 0]) - BLACK) * LEVELS),
            contrast=float(deviation[0, 0]) * LEVELS,
        )


def _to_hsv(picture: SmallPicture) -> Plane:
    """Hue 0..179, saturation and value 0..255 of each pixel, [H, W, 3]."""
    yuv = picture.yuv.copy()
    chroma = SmallPicture(yuv).chroma
    chroma[...] = cv2.LUT(chroma, _WITHOUT_TINGE)
    bgr = cv2.cvtColor(yuv, cv2.COLOR_YUV2BGR_I420)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV), np.uint8)
