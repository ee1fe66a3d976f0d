"""Keyframes rendered from `hdvg.shapes` with what is true of them: what the stand-in learns from.

They go the way of a dataset's keyframes: to video colours, to a JPEG, and squeezed to a square by
the arithmetic of BLIP's image processor (bicubic, antialiased, on uint8).
"""

import io
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from hdvg.keyframes import encode_keyframe
from hdvg.shapes.overlay import stamp_watermark
from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import COLOURS, SHAPES, SceneSpec, object_at, sample_scene, still_caption
from hdvg.video import from_rgb

# Trouble that a build keeps: black bars of up to this part of the height, and watermarks.
_MAX_BAR_FRAC = 0.15
_BARS_PROB, _MARK_PROB = 0.2, 0.25
_SCENE_S = (2.0, 4.0)
# A keyframe is the central frame of a clip, and a clip may be a part of a scene.
_TIME_FRAC = (0.2, 0.8)
_PAIR_TRIES = 40
# A patch belongs to an object up to this part of its radius: far enough out to meet its corners.
_NEAR = 0.9


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A rendered keyframe and the truth about it."""

    jpeg: bytes
    """As a dataset keeps it."""
    caption: str
    """What `still_caption` says of the scene."""
    colours: npt.NDArray[np.int64]
    """[grid, grid]: 1 + index in `COLOURS` of the object at a patch, 0 where there is none."""
    shapes: npt.NDArray[np.int64]
    """[grid, grid]: 1 + index in `SHAPES`, 0 where there is no object."""
    mask: npt.NDArray[np.bool_]
    """[height, width]: where the objects are."""


def draw_picture(rng: np.random.Generator, height: int, grid: int, pair_prob: float) -> Picture:
    """Renders one keyframe of a random scene at a random time.

    Args:
        rng: Source of all randomness.
        height: Rows of the frame, even; the width is 16:9.
        grid: Patches on a side, for the truth by patch.
        pair_prob: How often two objects are asked for; 0 leaves it to `sample_scene`.
    """
    spec = _sample(rng, pair_prob)
    t_s = spec.duration_s * rng.uniform(*_TIME_FRAC)
    bar = round(height * rng.uniform(0, _MAX_BAR_FRAC)) if rng.random() < _BARS_PROB else 0
    width = height * 16 // 9 // 2 * 2
    inner = render_frame(spec, t_s, height - 2 * bar, width)
    empty = render_frame(replace(spec, objects=()), t_s, height - 2 * bar, width)
    image = np.pad(inner, ((bar, bar), (0, 0), (0, 0)))
    if rng.random() < _MARK_PROB:
        stamp_watermark(image)
    colours, shapes = _truth_by_patch(spec, t_s, (height, width, bar), grid)
    return Picture(
        jpeg=encode_keyframe(from_rgb(image)),
        caption=still_caption(spec),
        colours=colours,
        shapes=shapes,
        mask=np.pad((inner != empty).any(axis=2), ((bar, bar), (0, 0))),
    )


def squeeze(jpeg: bytes, side: int) -> npt.NDArray[np.uint8]:
    """A JPEG as RGB uint8 [side, side, 3], the aspect ratio given up as BLIP does."""
    with Image.open(io.BytesIO(jpeg)) as image:
        small = image.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(small)


def _sample(rng: np.random.Generator, pair_prob: float) -> SceneSpec:
    wants_pair = rng.random() < pair_prob
    for _ in range(_PAIR_TRIES):
        spec = sample_scene(rng, float(rng.uniform(*_SCENE_S)))
        if not wants_pair or len(spec.objects) > 1:
            break
    return spec


def _truth_by_patch(
    spec: SceneSpec, t_s: float, size: tuple[int, int, int], grid: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Names the patches whose centre lies inside an object's enclosing circle, but for its rim."""
    height, width, bar = size
    unit = height - 2 * bar
    y = ((np.arange(grid) + 0.5) / grid * height - height / 2)[:, None] / unit
    x = ((np.arange(grid) + 0.5) / grid * width - width / 2)[None, :] / unit
    colours, shapes = np.zeros((grid, grid), np.int64), np.zeros((grid, grid), np.int64)
    for thing in reversed(spec.objects):
        centre_x, centre_y, radius = object_at(thing, t_s, spec.duration_s)
        near = np.hypot(x - centre_x, y - centre_y) < _NEAR * radius
        colours[near] = 1 + list(COLOURS).index(thing.colour)
        shapes[near] = 1 + SHAPES.index(thing.shape)
    return colours, shapes
