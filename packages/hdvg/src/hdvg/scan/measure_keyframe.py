"""What is measured once a scene, on its central frame: sharpness and a perceptual hash."""

import cv2
import numpy as np

from hdvg.scan.planes import LEVELS, Plane

_HASHED_SIDE = 32
_KEPT_SIDE = 8
# Rows and columns beyond twice so many tell the hashed picture nothing.
_ENOUGH = 128


def measure_sharpness(luma: Plane) -> float:
    """Variance of the Laplacian of luma [H, W], in squared levels of 0..255; low means blurred.

    The usual focus measure (Pech-Pacheco et al., 2000), at the video's own resolution.
    """
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return float(deviation[0, 0] * LEVELS) ** 2


def fingerprint(luma: Plane) -> int:
    """64 bits of luma [H, W] that survive scaling and encoding anew; equal pictures, equal bits.

    The lowest 8 x 8 frequencies of a 32 x 32 picture, each above or below their median, row by row
    from the highest bit on. The mean brightness is left out.
    """
    stride = max(1, min(luma.shape) // _ENOUGH)
    sampled = np.ascontiguousarray(luma[::stride, ::stride])
    small = cv2.resize(sampled, (_HASHED_SIDE, _HASHED_SIDE), interpolation=cv2.INTER_AREA)
    waves = cv2.dct(small.astype(np.float32))[:_KEPT_SIDE, :_KEPT_SIDE].reshape(-1)
    waves[0] = np.median(waves[1:])
    above = waves > np.median(waves)
    return int.from_bytes(np.packbits(above).tobytes(), "big")
