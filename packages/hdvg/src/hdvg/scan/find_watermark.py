"""Watermarks: edges that stay where they are while the picture changes. No learned weights.

A watermark, a station's logo or a counter's frame adds the same edge to every picture at the same
place, whatever is behind it. Edges of the scenes themselves move, or go with the next cut. In a
single shot from a tripod everything stays, and nothing can be said; the score is then 0.
"""

import cv2
import numpy as np
import numpy.typing as npt

from hdvg.scan.planes import LEVELS, Plane

# Gradients are taken at this width: strokes of a logo a twentieth of the frame high survive it.
_WIDTH = 320
# The picture is looked at so many times at most, at equal distances over the video.
_MOST_VIEWS, _FEWEST_VIEWS = 32, 6
# Least mean gradient of an edge, levels a pixel.
_EDGE = 4.0
# A view has the edge if its gradient along the mean one is within these parts of it, and an edge
# persists if this part of the views has it: objects may pass in front of what is behind a mark.
_SAME = (0.5, 2.0)
_PERSISTS = 0.8
# Part of the frame at which the score is 0.5, and above which it is no overlay but a picture that
# stands still. Chosen here: rendered subtitles, whose lines change, reach 0.2 % of the frame, a
# small logo over real footage 0.25 %, the corpus' watermark 1 to 3 %, tripod shots 4 to 18 %.
_HALF, _TOO_MUCH = 0.0023, 0.035
# Edges of black bars persist too, and are left out with so many pixels inside them.
_BAR_MARGIN = 4

Box = tuple[int, int, int, int]


class EdgeViews:
    """Gradients of some frames of a video, at equal distances however long it gets."""

    def __init__(self) -> None:
        self._views: list[npt.NDArray[np.int16]] = []
        self._stride, self._offered = 1, 0

    def offer(self, luma: Plane) -> None:
        """Offers a frame's luma, [H, W]; it may be taken."""
        self._offered += 1
        if (self._offered - 1) % self._stride:
            return
        self._views.append(_gradients(luma))
        if len(self._views) > _MOST_VIEWS:
            del self._views[1::2]
            self._stride *= 2

    def score(self, box: Box | None, frame_size: tuple[int, int]) -> float:
        """How surely there is an overlay, 0..1; 0.5 and more is one.

        Args:
            box: The picture inside black bars, x, y, width and height; None without bars.
            frame_size: Width and height of the frame that the box is in.
        """
        views = [view for view in self._views if view.shape == self._views[0].shape]
        if len(views) < _FEWEST_VIEWS:
            return 0.0
        persistent = _find_persistent(views)
        if box is not None:
            persistent = _inside(persistent, box, frame_size)
        part = float(persistent.mean())
        return 0.0 if part > _TOO_MUCH else part / (part + _HALF)


def _gradients(luma: Plane) -> npt.NDArray[np.int16]:
    """Gradient in x and y, [2, h, w], four times the levels a pixel."""
    height, width = luma.shape
    if width > _WIDTH:
        size = (_WIDTH, max(2, round(height * _WIDTH / width)))
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    return np.stack([cv2.Scharr(luma, cv2.CV_16S, 1, 0), cv2.Scharr(luma, cv2.CV_16S, 0, 1)]) >> 3


def _find_persistent(views: list[npt.NDArray[np.int16]]) -> npt.NDArray[np.bool_]:
    """Which pixels carry the same edge in most views, each [2, h, w]."""
    total = np.zeros(views[0].shape, np.int32)
    for view in views:
        total += view
    mean = total.astype(np.float32) / len(views)
    strength = np.hypot(mean[0], mean[1])
    # Most edges cancel in the mean: few places are left to look at in every view.
    rows, columns = np.nonzero(strength > _EDGE * 4 / LEVELS)
    persistent = np.zeros(strength.shape, np.bool_)
    if len(rows):
        there = strength[rows, columns]
        gradients = np.stack([view[:, rows, columns] for view in views])
        along = (gradients * mean[:, rows, columns]).sum(axis=1) / there
        same = (along > _SAME[0] * there) & (along < _SAME[1] * there)
        persistent[rows, columns] = same.mean(axis=0) >= _PERSISTS
    return persistent


def _inside(
    persistent: npt.NDArray[np.bool_], box: Box, frame_size: tuple[int, int]
) -> npt.NDArray[np.bool_]:
    height, width = persistent.shape
    x, y, box_w, box_h = box
    across, down = width / frame_size[0], height / frame_size[1]
    top, bottom = round(y * down) + _BAR_MARGIN, round((y + box_h) * down) - _BAR_MARGIN
    left, right = round(x * across), round((x + box_w) * across)
    if x > 0:
        left, right = left + _BAR_MARGIN, right - _BAR_MARGIN
    return persistent[top:bottom, left:right]
