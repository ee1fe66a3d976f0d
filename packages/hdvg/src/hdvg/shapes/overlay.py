"""What is laid over rendered pictures: a watermark, and a line of subtitles."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from hdvg.video import UInt8Video

_MARK_ALPHA = 0.35
_MARK_TEXT = "shapes stock"
SUBTITLES = (
    "Where did it go?",
    "I saw it a moment ago.",
    "Nobody told us about this.",
    "Then it must be over there.",
    "We should have brought a map.",
)
_SUBTITLE_BASE = 0.93  # where the line stands, as a part of the height


def stamp_watermark(image: UInt8Video) -> None:
    """Blends the watermark into the centre of the image."""
    mark = _mark(image.shape[0])
    top, left = (image.shape[0] - mark.shape[0]) // 2, (image.shape[1] - mark.shape[1]) // 2
    box = image[top : top + mark.shape[0], left : left + mark.shape[1]]
    box[...] = box + (255 - box) * mark


def stamp_subtitle(image: UInt8Video, text: str) -> None:
    """Writes a line of white text with a dark outline, centred, near the bottom of the image."""
    height, width = image.shape[:2]
    size = max(8, height // 16)
    top = round(height * _SUBTITLE_BASE) - 2 * size
    strip = Image.fromarray(image[top:])
    ImageDraw.Draw(strip).text(
        (width / 2, 2 * size),
        text,
        fill=(255, 255, 255),
        font=ImageFont.load_default(size=size),
        anchor="ms",
        stroke_width=max(1, size // 10),
        stroke_fill=(0, 0, 0),
    )
    image[top:] = np.asarray(strip)


@lru_cache(maxsize=4)
def _mark(height: int) -> npt.NDArray[np.float32]:
    """Opacity of the watermark, [h, w, 1] in [0, 1], for a frame of this height."""
    font = ImageFont.load_default(size=max(8, height // 8))
    left, top, right, bottom = (int(edge) for edge in font.getbbox(_MARK_TEXT))
    canvas = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(canvas).text((-left, -top), _MARK_TEXT, fill=255, font=font)
    return np.asarray(canvas, np.float32)[:, :, None] / 255.0 * _MARK_ALPHA
