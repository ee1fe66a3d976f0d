"""Dead leaves: random textured discs and boxes that hide each other.

Their statistics (edges at every scale and angle, occlusion, 1/f texture) are close to those of
natural images, so an upscaler that has seen no photograph learns from them what one looks like. The
shapes corpus alone, all smooth backgrounds, would teach it to wipe fine texture away.

Source: Lee, Mumford and Huang, "Occlusion Models for Natural Images" (IJCV 2001), with radii by a
power law. Its exponent (-2, theirs is -3) and the textures are chosen here, by eye, for pictures
whose large leaves keep some of their surface.
"""

import numpy as np
import numpy.typing as npt

_Plane = npt.NDArray[np.float32]

_RADIUS_PX = (2.5, 160.0)
_LEAVES_PER_PIXEL = 1 / 220
_TEXTURES = 8
# Half of the leaves are out of focus or round: were every edge sharp, a network that learns from
# them would turn the soft shading of a real face or meadow into patches with hard rims.
_SOFT_SHARE = 0.5


def render_dead_leaves(rng: np.random.Generator, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Paints one picture: RGB uint8 [height, width, 3].

    Args:
        rng: Source of all randomness; the same state gives the same picture.
        height: In pixels.
        width: In pixels.
    """
    side = max(height, width, 2 * int(_RADIUS_PX[1]) + 4)
    textures = [_texture(rng, side) for _ in range(_TEXTURES)]
    palette = _palette(rng)
    image = np.broadcast_to(palette[0], (height, width, 3)).astype(np.float32)
    for _ in range(6):  # large ones first, so that no bare ground shows
        centre = rng.uniform(0, 1, 2) * (height, width)
        _paint(image, rng, centre, 500.0, palette[rng.integers(len(palette))], textures[0])
    radii = _radii(rng, round(height * width * _LEAVES_PER_PIXEL))
    for radius in radii:
        centre = rng.uniform(-0.05, 1.05, 2) * (height, width)
        colour = palette[rng.integers(len(palette))] + rng.normal(0, 12, 3)
        _paint(image, rng, centre, radius, colour, textures[rng.integers(_TEXTURES)])
    exposure = rng.uniform(0.85, 1.1)
    return np.rint(np.clip(image * exposure, 0, 255)).astype(np.uint8)


def _radii(rng: np.random.Generator, count: int) -> npt.NDArray[np.float64]:
    """Inverse of the cumulated power law r^-2; large ones first, so that small ones show."""
    low, high = (1 / limit for limit in _RADIUS_PX)
    radii: npt.NDArray[np.float64] = 1 / (low + (high - low) * rng.random(count))
    order = radii * rng.lognormal(0, 1.0, count)
    return radii[np.argsort(-order)]


def _palette(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A dozen colours about a common tint; most of them muted, as in photographs."""
    tint = rng.uniform(40, 215, 3)
    gray = rng.uniform(15, 240, (12, 1))
    spread = rng.uniform(0.15, 1.0, (12, 1))
    palette: npt.NDArray[np.float64] = gray + spread * (rng.uniform(0, 255, (12, 3)) - gray) * 0.7
    return 0.85 * palette + 0.15 * tint


def _texture(rng: np.random.Generator, side: int) -> _Plane:
    """Noise with a spectrum of 1/f^a, or stripes; zero mean, standard deviation 1."""
    if rng.random() < 0.25:
        y, x = np.mgrid[:side, :side]
        angle, period = rng.uniform(0, np.pi), rng.uniform(3, 24)
        wave = np.sin(2 * np.pi * (np.cos(angle) * x + np.sin(angle) * y) / period)
        return (1.4 * wave).astype(np.float32)
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((side, side))) / frequency ** rng.uniform(0.6, 1.6)
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, s=(side, side))
    return (noise / noise.std()).astype(np.float32)


def _paint(
    image: _Plane,
    rng: np.random.Generator,
    centre: npt.NDArray[np.float64],
    radius: float,
    colour: npt.NDArray[np.float64],
    texture: _Plane,
) -> None:
    """Blends one leaf into the image, with an edge one pixel soft or as wide as the leaf."""
    reach = int(radius) + 2
    top, left = int(centre[0]) - reach, int(centre[1]) - reach
    rows = slice(max(0, top), min(image.shape[0], top + 2 * reach))
    columns = slice(max(0, left), min(image.shape[1], left + 2 * reach))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(centre[0])
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None] - np.float32(centre[1])
    angle, ratio = rng.uniform(0, np.pi), rng.uniform(0.3, 1.0)
    along = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
    across = (np.float32(np.cos(angle)) * y - np.float32(np.sin(angle)) * x) / np.float32(ratio)
    if rng.random() < 0.5:
        distance = np.hypot(along, across)
    else:
        distance = np.maximum(np.abs(along), np.abs(across)) * np.float32(2**0.5)
    softness = 1.0
    if rng.random() < _SOFT_SHARE:
        softness = rng.uniform(1.0, 1.0 + min(1.2 * radius, 60.0))
    depth = (np.float32(radius) - distance) * np.float32(ratio / softness)
    # Inside the edge for a sharp leaf, and wholly inside the leaf for a soft one.
    cover = np.clip(depth + np.float32(0.5 / softness), 0, 1)[:, :, None]
    cover = cover * cover * (3 - 2 * cover)
    corner = rng.integers(0, texture.shape[0] - np.array(cover.shape[:2]) + 1)
    grain = texture[corner[0] :, corner[1] :][: cover.shape[0], : cover.shape[1], None]
    strength = np.float32(rng.choice([0.0, 4.0, 12.0, 28.0]))
    shade = np.float32(rng.normal(0, 25)) * (along / np.float32(radius))[:, :, None]
    leaf = colour.astype(np.float32) + strength * grain + shade
    patch = image[rows, columns]
    image[rows, columns] = patch + cover * (leaf - patch)
