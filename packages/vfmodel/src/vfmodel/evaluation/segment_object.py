"""Which colours a clip of the shapes corpus has, and which pixels are its object.

Layout: pixels are float32 [T, H, W, 3], RGB in 0..255; covers are float32 [T, H, W] in [0, 1].
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hdvg.shapes.scene import BACKGROUNDS, COLOURS

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# The texture is a background's colour times 0.78 to 1.22; a little more for what coding adds.
_SHADES = (0.72, 1.28)
# Components below this part of the frame are noise: the smallest object of the corpus, a star of
# radius 0.19 * 0.55 heights at the start of its growth, has an area of 0.007 of a 16:9 frame.
_SMALLEST = 0.003
# RGB distance within which a pixel counts as showing a named object colour surely: about half of
# the distance between the nearest two (red and orange: 109).
_SURE = 60.0
# Heights around the object within which its soft edge is looked for: a latent cell of 96 lines.
_EDGE = 8 / 96
_SQUARE = np.ones((3, 3), np.bool_)
_DIAMOND = ndimage.generate_binary_structure(2, 1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Segments:
    """A clip taken apart by colour.

    Attributes:
        background: A key of `BACKGROUNDS`.
        background_share: Part of the pixels outside the object that are nearest to it, in [0, 1].
        colour: A key of `COLOURS`, or None if nothing stands out from the background.
        colour_share: Part of the object's pixels that are nearest to it, in [0, 1].
        cover: How far the object covers each pixel, [T, H, W]: the largest connected thing of its
            colour in each frame, with its soft edge. All zero in a frame where there is none.
    """

    background: str
    background_share: float
    colour: str | None
    colour_share: float
    cover: Pixels


def segment_object(pixels: Pixels) -> Segments:
    """Finds the background's colour, then the colour that stands out most, then its pixels.

    Every pixel goes to the nearest of one background, in all its shades, and eight object colours.
    The object is then everything nearer to the colour that it really has, which may be off, than to
    the background. Its edge, and what a weak autoencoder blurs into the background, is covered by
    the part of the way that a pixel has gone from the background's colour to the object's.
    """
    background, background_share = _find_background(pixels)
    from_ground = _distance_to_shades(pixels, np.asarray(BACKGROUNDS[background], np.float32))
    names = list(COLOURS)
    distances = np.stack([_distance(pixels, np.asarray(COLOURS[n], np.float32)) for n in names])
    nearest = distances.argmin(axis=0)
    stands_out = distances.min(axis=0) < from_ground
    colour = _find_colour(nearest, stands_out, len(names))
    if colour is None:
        return Segments(
            background=background,
            background_share=background_share,
            colour=None,
            colour_share=0.0,
            cover=np.zeros(pixels.shape[:3], np.float32),
        )
    alike = stands_out & (nearest == colour)
    core = alike & (distances[colour] <= max(_SURE, float(np.median(distances[colour][alike]))))
    real = np.median(pixels[core], axis=0).astype(np.float32)
    near = _distance(pixels, real) < from_ground
    mask = np.stack([_largest_component(frame) for frame in near])
    edge_px = max(1, round(_EDGE * pixels.shape[1]))
    reach = ndimage.binary_dilation(mask, _DIAMOND[None], iterations=edge_px)
    whole = float(np.median(from_ground[core]))
    cover = np.where(mask & ~near, 1.0, np.clip(from_ground / whole, 0.0, 1.0)) * reach
    inside = nearest[mask & stands_out]
    share = float((inside == colour).mean()) if inside.size else 0.0
    return Segments(
        background=background,
        background_share=background_share,
        colour=names[colour],
        colour_share=share,
        cover=cover.astype(np.float32),
    )


def _find_background(pixels: Pixels) -> tuple[str, float]:
    """The background that most pixels are nearest to: an object covers a third at most."""
    distances = [
        _distance_to_shades(pixels, np.asarray(colour, np.float32))
        for colour in BACKGROUNDS.values()
    ]
    votes = np.bincount(np.argmin(distances, axis=0).ravel(), minlength=len(BACKGROUNDS))
    best = int(votes.argmax())
    return list(BACKGROUNDS)[best], float(votes[best] / votes.sum())


def _find_colour(nearest: npt.NDArray[np.intp], stands_out: Mask, count: int) -> int | None:
    """The colour with the most pixels in all frames, thin fringes left out; None if hardly any."""
    smallest = _SMALLEST * stands_out.size
    areas = np.bincount(nearest[stands_out], minlength=count)
    for index in np.flatnonzero(areas >= smallest):
        opened = ndimage.binary_opening(stands_out & (nearest == index), _SQUARE[None])
        areas[index] = opened.sum()
    best = int(np.argmax(areas))
    return best if areas[best] >= smallest else None


def _largest_component(mask: Mask) -> Mask:
    """The largest 4-connected component after specks and hairs are opened away, its holes filled.

    Holes are what a watermark or a coder leaves in an object.
    """
    opened = ndimage.binary_opening(mask, _SQUARE)
    labels, count = ndimage.label(opened)
    if count == 0:
        return np.zeros_like(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    grown = ndimage.binary_propagation(labels == sizes.argmax(), mask=mask)
    filled: Mask = ndimage.binary_fill_holes(grown)
    return filled


def _distance(pixels: Pixels, colour: Pixels) -> Pixels:
    apart = pixels - colour
    distance: Pixels = np.sqrt(np.einsum("...c,...c", apart, apart))
    return distance


def _distance_to_shades(pixels: Pixels, colour: Pixels) -> Pixels:
    """RGB distance to the nearest of a background's shades, a segment of a ray from black."""
    shade = np.clip(pixels @ (colour / (colour @ colour)), *_SHADES)
    apart = pixels - shade[..., None] * colour
    distance: Pixels = np.sqrt(np.einsum("...c,...c", apart, apart))
    return distance
