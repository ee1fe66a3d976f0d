"""Several videos as one: tiles in rows, each with its prompt under it.

Layout of videos: RGB uint8 [T, 3, H, W]. Pictures of text are [3, H, W].
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from hdvg.video import UInt8Video

_COLUMNS = 4
# Pixels. Smaller clips are shown larger, so that a line of text has room.
_LEAST_WIDTH = 256
_GAP = 8
_FONT = 16
_LINE = 20
_MAX_LINES = 4
_PAPER, _INK = 250, (30, 30, 30)


def compose_grid(videos: Sequence[UInt8Video], texts: Sequence[str]) -> UInt8Video:
    """Sets videos of one shape and length side by side, four in a row.

    Args:
        videos: At least one.
        texts: One for each; of long ones, the beginning is shown.

    Returns:
        The grid; tiles are the videos enlarged by a whole factor, pixel by pixel.
    """
    factor = math.ceil(_LEAST_WIDTH / videos[0].shape[3])
    tiles = [video.repeat(factor, axis=2).repeat(factor, axis=3) for video in videos]
    frames, _, height, width = tiles[0].shape
    labels = [wrap(text, width) for text in texts]
    label_height = _LINE * max(len(lines) for lines in labels) + _GAP
    columns = min(_COLUMNS, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    cell_height, cell_width = height + label_height + _GAP, width + _GAP
    shape = (frames, 3, rows * cell_height + _GAP, columns * cell_width + _GAP)
    grid = np.full(shape, _PAPER, np.uint8)
    for index, (tile, lines) in enumerate(zip(tiles, labels, strict=True)):
        row, column = divmod(index, columns)
        top, left = row * cell_height + _GAP, column * cell_width + _GAP
        below = slice(top + height, top + height + label_height)
        grid[:, :, top : top + height, left : left + width] = tile
        grid[:, :, below, left : left + width] = draw_text(lines, label_height, width)
    return grid


def wrap(text: str, width: int) -> list[str]:
    """Breaks a text into at most four lines of `width` pixels; "..." ends one that is longer."""
    font = ImageFont.load_default(_FONT)
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"{lines[_MAX_LINES - 1]} ..."]
    return lines


def draw_text(lines: Sequence[str], height: int, width: int) -> npt.NDArray[np.uint8]:
    """Lines of text on paper, [3, height, width]."""
    paper = Image.new("RGB", (width, height), (_PAPER,) * 3)
    pen, font = ImageDraw.Draw(paper), ImageFont.load_default(_FONT)
    for number, line in enumerate(lines):
        pen.text((0, number * _LINE + _GAP // 2), line, _INK, font)
    picture: npt.NDArray[np.uint8] = np.asarray(paper).transpose(2, 0, 1)
    return picture
