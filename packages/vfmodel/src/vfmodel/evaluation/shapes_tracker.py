"""What a clip of the shapes corpus shows, told from its pixels alone.

Colours are segmented, the object's outline is laid over its cover in every frame, its path is read
off. Nothing here has been trained, and nothing sees the prompt.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from torch import Tensor

from hdvg.shapes.scene import SHAPES
from vfmodel.evaluation.classify_motion import Place, classify_motion
from vfmodel.evaluation.find_watermark import THRESHOLD, watermark_likeness
from vfmodel.evaluation.fit_outline import Outline, fit_outlines, is_cut
from vfmodel.evaluation.segment_object import segment_object


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is shown, in the words of `hdvg.shapes.scene`, and how clearly.

    Attributes:
        background: Its colour.
        colour: The object's colour; None if nothing stands out from the background.
        shape: The object's shape; None if there is none in two frames.
        motion: The object's motion; None if there is none in two frames.
        watermark: Whether the corpus' watermark is there.
        background_share: Part of all pixels that are nearest to that background, in [0, 1].
        colour_share: Part of the object's pixels that are nearest to that colour, in [0, 1].
        shape_margin: By how much that shape overlaps better than the next, in [0, 1].
        motion_margin: By how much that motion leads, in multiples of the corpus' slowest.
        watermark_likeness: Correlation with the watermark, in [-1, 1].
    """

    background: str
    colour: str | None
    shape: str | None
    motion: str | None
    watermark: bool
    background_share: float
    colour_share: float
    shape_margin: float
    motion_margin: float
    watermark_likeness: float


def track(frames: Float[Tensor, "T 3 H W"], fps: float) -> Seen:
    """Says what a clip shows.

    Args:
        frames: RGB in [0, 1].
        fps: Frames per second.
    """
    pixels = (frames.detach().float().cpu().permute(0, 2, 3, 1) * 255.0).numpy()
    segments = segment_object(pixels)
    fits = {index: fit_outlines(cover) for index, cover in enumerate(segments.cover) if cover.any()}
    # What the frame's edge cuts says little of a shape; it counts where there is nothing else.
    whole = [fit for index, fit in fits.items() if not is_cut(segments.cover[index])]
    shape, shape_margin = _find_shape(whole or list(fits.values()))
    motion, motion_margin = None, 0.0
    if shape is not None and len(fits) > 1:
        path = [
            Place(index / fps, fit[shape].x, fit[shape].y, fit[shape].radius)
            for index, fit in fits.items()
        ]
        motion, motion_margin = classify_motion(path)
    likeness = watermark_likeness(pixels, segments.cover)
    return Seen(
        background=segments.background,
        colour=segments.colour,
        shape=shape,
        motion=motion,
        watermark=likeness >= THRESHOLD,
        background_share=segments.background_share,
        colour_share=segments.colour_share,
        shape_margin=shape_margin,
        motion_margin=motion_margin,
        watermark_likeness=likeness,
    )


def _find_shape(fits: list[dict[str, Outline]]) -> tuple[str | None, float]:
    """The shape that overlaps best over the frames, and its lead."""
    if not fits:
        return None, 0.0
    overlaps = {name: float(np.mean([fit[name].overlap for fit in fits])) for name in SHAPES}
    first, second = sorted(SHAPES, key=lambda name: overlaps[name], reverse=True)[:2]
    return first, overlaps[first] - overlaps[second]
