"""Contact sheets: clips as strips of frames with their captions under them, in one PNG."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hdvg.errors import InputError
from hdvg.video import UInt8Video

_THUMB_WIDTH_PX = 176
_GAP_PX = 8
_FONT_PX = 14
_LINE_PX = 18
_MAX_LINES = 3
_PAPER, _INK = (250, 250, 248), (30, 30, 30)


@dataclass(frozen=True)
class _Cell:
    """One clip, drawn: its strip of thumbnails and its caption in lines."""

    strip: Image.Image
    lines: list[str]

    @property
    def height(self) -> int:
        return self.strip.height + len(self.lines) * _LINE_PX + _GAP_PX


def save_contact_sheet(
    path: str | os.PathLike[str],
    clips: Sequence[tuple[UInt8Video, str]],
    *,
    columns: int = 2,
    frames_per_clip: int = 4,
) -> Path:
    """Draws clips in a grid, in reading order, and returns the path of the PNG.

    Args:
        path: Where to write; its folder is made, and the file appears only when it is whole.
        clips: Frames (RGB uint8 [T, 3, H, W], any sizes) with the caption of each clip. The
            thumbnails are evenly spaced over the clip, its first and last frame included.
        columns: Clips side by side.
        frames_per_clip: Thumbnails of one clip; fewer for a shorter clip.

    Raises:
        InputError: No clips, a clip that is not [T, 3, H, W], or a count below 1.
    """
    if not clips:
        raise InputError("a contact sheet needs at least one clip, got none")
    if columns < 1 or frames_per_clip < 1:
        raise InputError(
            f"columns and frames_per_clip must be at least 1, got {columns} and {frames_per_clip}"
        )
    cells = [_draw_cell(frames, caption, frames_per_clip) for frames, caption in clips]
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        _arrange(cells, columns).save(partial, format="PNG")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target


def _draw_cell(frames: UInt8Video, caption: str, frames_per_clip: int) -> _Cell:
    if frames.ndim != 4 or frames.shape[1] != 3 or len(frames) == 0:
        raise InputError(f"frames must be [T, 3, H, W] with T >= 1, got shape {frames.shape}")
    count = min(frames_per_clip, len(frames))
    picks = np.linspace(0, len(frames) - 1, count).round().astype(int)
    size = (_THUMB_WIDTH_PX, max(1, round(frames.shape[2] * _THUMB_WIDTH_PX / frames.shape[3])))
    strip = Image.new("RGB", (frames_per_clip * (size[0] + 2) - 2, size[1]), _PAPER)
    for column, pick in enumerate(picks):
        thumb = Image.fromarray(np.ascontiguousarray(frames[pick].transpose(1, 2, 0)))
        resized = thumb if thumb.size == size else thumb.resize(size, Image.Resampling.LANCZOS)
        strip.paste(resized, (column * (size[0] + 2), 0))
    return _Cell(strip, _wrap(caption, strip.width))


def _wrap(caption: str, width_px: int) -> list[str]:
    """Breaks a caption into lines that fit; what passes the last line ends in "..."."""
    font = _font()
    lines = [""]
    for word in caption.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width_px or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    fits = len(lines) <= _MAX_LINES
    return lines if fits else [*lines[: _MAX_LINES - 1], f"{lines[_MAX_LINES - 1]} ..."]


def _arrange(cells: list[_Cell], columns: int) -> Image.Image:
    columns = min(columns, len(cells))
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    heights = [max(cell.height for cell in row) + _GAP_PX for row in rows]
    cell_width = max(cell.strip.width for cell in cells) + _GAP_PX
    size = (columns * cell_width + _GAP_PX, sum(heights) + _GAP_PX)
    sheet = Image.new("RGB", size, _PAPER)
    draw, font = ImageDraw.Draw(sheet), _font()
    top = _GAP_PX
    for row, height in zip(rows, heights, strict=True):
        for column, cell in enumerate(row):
            left = _GAP_PX + column * cell_width
            sheet.paste(cell.strip, (left, top))
            for number, line in enumerate(cell.lines):
                baseline = top + cell.strip.height + 2 + number * _LINE_PX
                draw.text((left, baseline), line, fill=_INK, font=font)
        top += height
    return sheet


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT_PX)
