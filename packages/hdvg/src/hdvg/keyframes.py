"""The central frame of a clip as a JPEG: what an image captioner looks at."""

import io

import av
import numpy as np
from PIL import Image

from hdvg.probe import MediaFacts
from hdvg.video import to_rgb

# Captioners see 224 to 490 pixels; 384 keeps the store small: 20 to 40 kB a clip.
_HEIGHT = 384
_QUALITY = 90


def encode_keyframe(frame: "av.VideoFrame", facts: MediaFacts | None = None) -> bytes:
    """JPEG of a frame, scaled down to 384 rows if it is taller; equal frames give equal bytes.

    Args:
        frame: Decoded.
        facts: Its video's, for turning it upright and making pixels square; as it is when None.
    """
    shown_w, shown_h, rotation = frame.width, frame.height, 0
    if facts is not None:
        shown_w, shown_h, rotation = facts.width, facts.height, facts.rotation
    height = min(shown_h, _HEIGHT)
    width = max(1, round(shown_w * height / shown_h))
    if rotation % 180:
        width, height = height, width
    rgb = np.rot90(to_rgb(frame, width, height), rotation // 90)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb)).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
