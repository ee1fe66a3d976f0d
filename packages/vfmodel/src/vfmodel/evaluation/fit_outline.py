"""Which of the corpus' four shapes a cover is, where its centre lies and how large it is.

Lengths are in heights, the origin is the frame's centre, x grows to the right and y downwards, as
in `hdvg.shapes.scene`. Covers are float32 [H, W] in [0, 1].
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage, optimize

from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import SHAPES, BackgroundSpec, ObjectSpec, SceneSpec

Plane = npt.NDArray[np.float32]
# x, y and radius in pixels; a pixel's own centre lies at a half.
Place = npt.NDArray[np.float64]

_TEMPLATE_PX = 160
# A template's enclosing circle, in heights of its picture; the rest is margin for interpolation.
_TEMPLATE_RADIUS = 0.35
# Standard deviations of the blur that a template is tried with, in radii: what is sharp, and what a
# latent cell of 8 pixels leaves of a thing 20 and 10 pixels in radius.
_BLURS = (0.0, 0.12, 0.24)
# Cover at the frame's edge above which a thing is taken to go on outside.
_CUT = 0.5
# Around what is covered, as a part of its longer side: room for a blurred triangle of its area.
_MARGIN = 0.5


@dataclass(frozen=True, kw_only=True)
class Outline:
    """One shape laid over a cover.

    Attributes:
        overlap: Intersection over union with the cover, in [0, 1].
        x: Centre.
        y: Centre.
        radius: Radius of the enclosing circle.
    """

    overlap: float
    x: float
    y: float
    radius: float


def fit_outlines(cover: Plane) -> dict[str, Outline]:
    """The best place of every shape over a cover, by shape; empty if nothing is covered.

    A thing that lies wholly in view has its centre in its centroid and its radius by its area, for
    all four shapes and however blurred. For one that the frame's edge cuts, both are searched for.
    """
    if not cover.any():
        return {}
    top, left, part = _crop(cover)
    search = is_cut(cover)
    height, width = cover.shape
    outlines = {}
    for shape in SHAPES:
        place = _place_by_area(part, shape)
        if search:
            place = _search(part, shape, place)
        overlap = max(_overlap(part, _template(shape, blur), place) for blur in _BLURS)
        outlines[shape] = Outline(
            overlap=overlap,
            x=(float(place[0]) + left - width / 2) / height,
            y=(float(place[1]) + top) / height - 0.5,
            radius=float(place[2]) / height,
        )
    return outlines


def is_cut(cover: Plane) -> bool:
    """Whether a thing reaches the edge of the frame."""
    edges = (cover[0], cover[-1], cover[:, 0], cover[:, -1])
    return max(float(edge.max()) for edge in edges) > _CUT


def _crop(cover: Plane) -> tuple[int, int, Plane]:
    """Top, left and the part of a cover in which templates have to be compared with it."""
    rows, columns = np.nonzero(cover.any(axis=1))[0], np.nonzero(cover.any(axis=0))[0]
    margin = _MARGIN * max(np.ptp(rows), np.ptp(columns)) + 1
    top, left = max(0, int(rows[0] - margin)), max(0, int(columns[0] - margin))
    part = cover[top : int(rows[-1] + margin) + 2, left : int(columns[-1] + margin) + 2]
    return top, left, part


def _place_by_area(cover: Plane, shape: str) -> Place:
    """Centroid and radius of what lies wholly in view, in pixels."""
    area = float(cover.sum())
    x = float(cover.sum(axis=0) @ (np.arange(cover.shape[1]) + 0.5)) / area
    y = float(cover.sum(axis=1) @ (np.arange(cover.shape[0]) + 0.5)) / area
    return np.array([x, y, np.sqrt(area / _unit_area(shape))])


def _search(cover: Plane, shape: str, place: Place) -> Place:
    """The place near another at which a shape overlaps best, whatever the frame's edge hides."""
    step = 0.15 * place[2]
    simplex = place + np.vstack([np.zeros(3), np.diag([step, step, step])])
    template = _template(shape, _BLURS[1])
    found = optimize.minimize(
        lambda at: 1.0 - _overlap(cover, template, at),
        place,
        method="Nelder-Mead",
        options={"initial_simplex": simplex, "xatol": 0.2, "fatol": 1e-3, "maxfev": 120},
    )
    best: Place = found.x
    return best


def _overlap(cover: Plane, template: Plane, place: Place) -> float:
    """Soft intersection over union of a cover and a template at (x, y, radius) in its pixels."""
    x, y, radius = place
    if radius < 1.0:
        return 0.0
    scale = _TEMPLATE_RADIUS * _TEMPLATE_PX / radius
    laid = ndimage.affine_transform(
        template,
        np.array([scale, scale]),
        _TEMPLATE_PX / 2 - 0.5 - scale * (np.array([y, x]) - 0.5),
        output_shape=cover.shape,
        order=1,
    )
    return float(np.minimum(cover, laid).sum()) / float(np.maximum(cover, laid).sum())


@lru_cache(maxsize=len(SHAPES) * len(_BLURS))
def _template(shape: str, blur: float) -> Plane:
    """Cover of a shape, [N, N] in [0, 1]: what differs between painting it black and white."""
    ground = BackgroundSpec(colour="grey", seed=0, scroll=(0.0, 0.0))
    black, white = (
        render_frame(
            SceneSpec(
                objects=(
                    ObjectSpec(
                        colour=colour,
                        shape=shape,
                        motion="staying still",
                        radius=_TEMPLATE_RADIUS,
                        centre=(0.0, 0.0),
                        velocity=(0.0, 0.0),
                    ),
                ),
                background=ground,
                duration_s=1.0,
            ),
            0.0,
            _TEMPLATE_PX,
            _TEMPLATE_PX,
        ).astype(np.float32)
        for colour in ("black", "white")
    )
    cover = (white - black)[..., 0]
    sharp = cover / cover.max()
    blurred: Plane = ndimage.gaussian_filter(sharp, blur * _TEMPLATE_RADIUS * _TEMPLATE_PX)
    return blurred


def _unit_area(shape: str) -> float:
    """Area of a shape whose enclosing circle has radius 1."""
    return float(_template(shape, 0.0).sum()) / (_TEMPLATE_RADIUS * _TEMPLATE_PX) ** 2
