"""The central frame of a clip as a JPEG: what an image captioner looks at."""

import io

import av
from PIL import Image

from hdvg.video import to_rgb

# Captioners see 224 to 490 pixels; 384 keeps the store small: 20 to 40 kB a clip.
_HEIGHT = 384
_QUALITY = 90


def encode_keyframe(frame: "av.VideoFrame") -> bytes:
    """JPEG of a frame, scaled down to 384 rows if it is taller; equal frames give equal bytes."""
    height = min(frame.height, _HEIGHT)
    width = max(1, round(frame.width * height / frame.height))
    buffer = io.BytesIO()
    Image.fromarray(to_rgb(frame, width, height)).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
