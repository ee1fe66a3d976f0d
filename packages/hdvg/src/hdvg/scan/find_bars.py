"""Black bars: rows and columns at the edges that stay black through a scene."""

import numpy as np
import numpy.typing as npt

from hdvg.probe import MediaFacts
from hdvg.scan.planes import BLACK, Plane
from hdvg.scan.result import CropBox

# Limited-range luma up to which a row or a column is black: coding noise beside a bright picture
# reaches 14 levels above black.
_BLACK_LIMIT = BLACK + 20
# A scene as dark as this everywhere says nothing about bars.
_BRIGHT = 80
# Bars are as wide on one side as on the other, to within this part of the frame and a few pixels;
# a night sky above a street is not.
_UNEVEN, _UNEVEN_PX = 0.02, 4
# Narrower bars are the blur of a bad crop and not worth another size of picture.
_NARROWEST = 0.015
_STEP = 16

Profile = npt.NDArray[np.uint8]
Box = tuple[int, int, int, int]


class BarSamples:
    """The brightest pixel of each row and column, of some frames."""

    def __init__(self) -> None:
        self._samples: list[tuple[int, Profile, Profile]] = []
        self._rows: Profile | None = None
        self._columns: Profile | None = None

    def add(self, index: int, luma: Plane) -> None:
        """Takes a sample of frame `index`; frames of another size than the first are left out."""
        rows = np.ascontiguousarray(luma[:, ::_STEP]).max(axis=1)
        columns = luma[::_STEP].max(axis=0)
        if self._rows is None or self._columns is None:
            self._rows, self._columns = rows, columns
        if (len(rows), len(columns)) == (len(self._rows), len(self._columns)):
            self._rows = np.maximum(self._rows, rows)
            self._columns = np.maximum(self._columns, columns)
            self._samples.append((index, rows, columns))

    def whole(self) -> Box | None:
        """The picture inside the bars that all samples of the video have in common."""
        if self._rows is None or self._columns is None:
            return None
        return find_picture(self._rows, self._columns)

    def picture(self, first: int, last: int) -> Box | None:
        """The picture inside black bars in the frames [first, last): x, y, width and height.

        In pixels of the decoded frame, all even; None without bars or without a sample.
        """
        inside = [sample for sample in self._samples if first <= sample[0] < last]
        if not inside:
            return None
        rows = np.max([sample[1] for sample in inside], axis=0)
        columns = np.max([sample[2] for sample in inside], axis=0)
        return find_picture(rows, columns)

    def let_go(self, before: int) -> None:
        """Forgets the samples before a frame."""
        self._samples = [sample for sample in self._samples if sample[0] >= before]


def find_picture(rows: Profile, columns: Profile) -> Box | None:
    """The picture inside black bars, from the brightest pixel of each row and column.

    Returns:
        x, y, width and height, all even; None when there are no bars.
    """
    if rows.max() < _BRIGHT:
        return None
    top, bottom = _edges(rows)
    left, right = _edges(columns)
    if top == left == 0 and (bottom, right) == (len(rows), len(columns)):
        return None
    return left, top, (right - left) // 2 * 2, (bottom - top) // 2 * 2


def to_display(box: Box, frame_size: tuple[int, int], facts: MediaFacts) -> CropBox:
    """A box of decoded pixels in pixels of the displayed video: upright, with square pixels.

    Args:
        box: x, y, width, height.
        frame_size: Width and height of the decoded frame.
        facts: The video's.
    """
    x, y, width, height = box
    full_w, full_h = frame_size
    for _ in range(facts.rotation // 90):  # anticlockwise
        x, y, width, height = y, full_w - x - width, height, width
        full_w, full_h = full_h, full_w
    across, down = facts.width / full_w, facts.height / full_h
    return CropBox(
        x=round(x * across / 2) * 2,
        y=round(y * down / 2) * 2,
        width=max(2, int(width * across) // 2 * 2),
        height=max(2, int(height * down) // 2 * 2),
    )


def _edges(profile: Profile) -> tuple[int, int]:
    """First and last (exclusive) row that is not bar, rounded inwards to even; all without bars."""
    bright = np.flatnonzero(profile > _BLACK_LIMIT)
    size = len(profile)
    before, after = int(bright[0]), size - 1 - int(bright[-1])
    uneven = abs(before - after) > _UNEVEN * size + _UNEVEN_PX
    if uneven or min(before, after) < _NARROWEST * size:
        return 0, size
    return before + before % 2, size - after - (size - after) % 2
