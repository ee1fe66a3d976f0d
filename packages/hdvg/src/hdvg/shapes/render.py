"""Paints scenes as RGB frames of any size: antialiased objects over a scrolling texture.

Layout of every image here: [H, W, 3], RGB, uint8 in 0..255.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hdvg.shapes.scene import BACKGROUNDS, COLOURS, BackgroundSpec, ObjectSpec, SceneSpec, object_at

Image = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]

# The noise tile repeats after this many heights (y, x); its waves have whole numbers of periods,
# so it has no seams, and it is the same picture at every resolution.
_TILE_HEIGHTS = (1, 2)
_NUM_WAVES = 10
_CONTRAST = 0.22
# A square and a triangle fill less of their enclosing circle than these leave; chosen by eye so
# that the four shapes look equally large.
_SQUARE_HALF_SIDE = 0.80
_STAR_INNER = 0.45


def render_frame(spec: SceneSpec, t_s: float, height: int, width: int) -> Image:
    """Paints a scene as it looks `t_s` seconds after its start.

    Args:
        spec: The scene.
        t_s: Time in seconds; any value, also outside the scene.
        height: Height of the image in pixels.
        width: Width of the image in pixels.

    Returns:
        RGB uint8 [height, width, 3].
    """
    image = _background(spec.background, t_s, height, width)
    # The dominant object is painted last, in front.
    for thing in reversed(spec.objects):
        _paint(image, thing, object_at(thing, t_s, spec.duration_s))
    return image


def render_frames(spec: SceneSpec, times_s: Sequence[float], height: int, width: int) -> Image:
    """Paints a clip: RGB uint8 [T, height, width, 3], one frame for each time in seconds."""
    return np.stack([render_frame(spec, t_s, height, width) for t_s in times_s])


def _background(spec: BackgroundSpec, t_s: float, height: int, width: int) -> Image:
    tile = _tile(spec, height, width)
    top = round(-spec.scroll[1] * t_s * height) % (height * _TILE_HEIGHTS[0])
    left = round(-spec.scroll[0] * t_s * height) % (height * _TILE_HEIGHTS[1])
    return tile[top : top + height, left : left + width].copy()


@lru_cache(maxsize=8)
def _tile(spec: BackgroundSpec, height: int, width: int) -> Image:
    """The texture, repeated so far that every scroll position is a plain slice of it."""
    rng = np.random.default_rng(spec.seed)
    rows, columns = height * _TILE_HEIGHTS[0], height * _TILE_HEIGHTS[1]
    noise = np.zeros((rows, columns), np.float32)
    for _ in range(_NUM_WAVES):
        turns_y, turns_x = rng.integers(-3, 4), rng.integers(-6, 7)
        phase, weight = rng.uniform(0, 2 * np.pi), rng.uniform(0.4, 1.0)
        y = (2 * np.pi * turns_y * np.arange(rows) / rows + phase).astype(np.float32)
        x = (2 * np.pi * turns_x * np.arange(columns) / columns).astype(np.float32)
        # cos(x + y), separated into outer products: this is most of the cost of a scene.
        noise += weight * (np.outer(np.cos(y), np.cos(x)) - np.outer(np.sin(y), np.sin(x)))
    noise /= max(float(np.abs(noise).max()), 1e-6)
    colour = np.asarray(BACKGROUNDS[spec.colour], np.float32)
    shades = np.clip(colour * (1.0 + _CONTRAST * noise[:, :, None]), 0, 255).astype(np.uint8)
    across = -(-(columns + width) // columns)
    return np.tile(shades, (2, across, 1))[: rows + height, : columns + width]


def _paint(image: Image, thing: ObjectSpec, place: tuple[float, float, float]) -> None:
    """Blends an object into the image where it lies; outside its box nothing is touched."""
    height, width = image.shape[:2]
    centre_x, centre_y = place[0] * height + width / 2, place[1] * height + height / 2
    radius = place[2] * height
    left, right = max(0, int(centre_x - radius - 2)), min(width, int(centre_x + radius + 3))
    top, bottom = max(0, int(centre_y - radius - 2)), min(height, int(centre_y + radius + 3))
    if radius <= 0 or left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32) + np.float32(0.5 - centre_x)
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5 - centre_y)
    # One pixel of soft edge, centred on the outline, is exact coverage for a straight edge.
    cover = np.clip(0.5 - _distance(thing.shape, x, y, np.float32(radius)), 0.0, 1.0)[:, :, None]
    box = image[top:bottom, left:right]
    colour = np.asarray(COLOURS[thing.colour], np.float32)
    box[...] = (box + (colour - box) * cover + np.float32(0.5)).astype(np.uint8)


def _distance(shape: str, x: Plane, y: Plane, radius: np.float32) -> Plane:
    """Signed distance to the outline in pixels, negative inside; x is [W] and y is [H, 1]."""
    if shape == "circle":
        return np.sqrt(x * x + y * y) - radius
    if shape == "square":
        return np.maximum(np.abs(x), np.abs(y)) - np.float32(_SQUARE_HALF_SIDE) * radius
    if shape == "triangle":
        return _triangle(np.abs(x), y, radius)
    return _star(np.abs(x), y, radius)


def _triangle(x: Plane, y: Plane, radius: np.float32) -> Plane:
    """Equilateral, apex up, x folded onto its right half: a slanted side and the base."""
    sin60, cos60 = np.float32(np.sqrt(0.75)), np.float32(0.5)
    return np.maximum(x * sin60 - y * cos60, y) - cos60 * radius


def _star(x: Plane, y: Plane, radius: np.float32) -> Plane:
    """Five points, apex up: each fifth is folded twice onto one slanted edge."""
    fold = np.float32(np.pi / 5)
    angle = np.arctan2(x, -y)  # 0 at the apex, growing to the right
    angle = np.abs((angle + fold) % (2 * fold) - fold)
    reach = np.sqrt(x * x + y * y)
    tip = np.array([0.0, 1.0])
    notch = _STAR_INNER * np.array([np.sin(np.pi / 5), np.cos(np.pi / 5)])
    edge = notch - tip
    normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
    inwards = np.float32(np.sign(normal @ tip))
    across, along = inwards * np.float32(normal[0]), inwards * np.float32(normal[1])
    reach_in_plane: Plane = reach * (across * np.sin(angle) + along * np.cos(angle))
    return reach_in_plane - np.float32(abs(normal @ tip)) * radius
