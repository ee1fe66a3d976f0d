"""Places and shapes against discs and polygons that are painted here, by other means."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from hdvg.shapes.scene import SHAPES
from vfmodel.evaluation.fit_outline import fit_outlines, is_cut

# Corners at unit radius, x to the right and y downwards.
ANGLES = np.deg2rad(-90 + 36 * np.arange(10))
STAR = [(np.cos(a) * r, np.sin(a) * r) for a, r in zip(ANGLES, [1, 0.45] * 5, strict=True)]
TRIANGLE = [(np.cos(a), np.sin(a)) for a in np.deg2rad([-90, 30, 150])]
SQUARE = [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)]
CIRCLE = [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 90)]
CORNERS = {"circle": CIRCLE, "square": SQUARE, "triangle": TRIANGLE, "star": STAR}


def paint(shape, x, y, radius, height=96, width=176, finer=8):
    """Cover by supersampling Pillow's polygons; x, y and radius in heights."""
    size = height * finer
    canvas = Image.new("L", (width * finer, size))
    points = [
        ((x + px * radius) * size + width * finer / 2, (y + py * radius + 0.5) * size)
        for px, py in CORNERS[shape]
    ]
    ImageDraw.Draw(canvas).polygon(points, fill=255)
    fine = np.asarray(canvas, np.float32) / 255
    return fine.reshape(height, finer, width, finer).mean(axis=(1, 3))


def best(outlines):
    return max(outlines, key=lambda name: outlines[name].overlap)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("radius", [0.12, 0.2, 0.35])
def test_a_shape_in_view_is_found_where_it_is(shape, radius):
    outlines = fit_outlines(paint(shape, 0.3, -0.1, radius))
    assert best(outlines) == shape
    found = outlines[shape]
    assert found.overlap > 0.93
    assert (found.x, found.y, found.radius) == pytest.approx((0.3, -0.1, radius), abs=0.006)


@pytest.mark.parametrize("shape", SHAPES)
def test_blur_hides_no_shape(shape):
    cover = ndimage.gaussian_filter(paint(shape, 0.0, 0.0, 0.22), 3.0)
    assert best(fit_outlines(cover)) == shape


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("x", "y"), [(0.0, 0.4), (0.1, -0.4), (0.8, 0.0), (-0.82, 0.1)])
def test_what_the_edge_cuts_is_placed_by_what_is_left(shape, x, y):
    cover = paint(shape, x, y, 0.22)
    assert is_cut(cover)
    found = fit_outlines(cover)[shape]
    assert (found.x, found.y) == pytest.approx((x, y), abs=0.03)
    assert found.radius == pytest.approx(0.22, abs=0.03)


def test_nothing_has_no_outline():
    empty = np.zeros((96, 176), np.float32)
    assert fit_outlines(empty) == {}
    assert not is_cut(empty)
    assert not is_cut(paint("circle", 0.0, 0.0, 0.2))
