import io

import numpy as np
from PIL import Image
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from hdvg.captioning.stand_in_pictures import draw_picture, squeeze
from hdvg.shapes.scene import COLOURS, SHAPES


def _draw(count, pair_prob=0.4, height=144):
    rng = np.random.default_rng(5)
    return [draw_picture(rng, height, 10, pair_prob) for _ in range(count)]


def test_the_seed_decides_everything():
    assert [p.jpeg for p in _draw(3)] == [p.jpeg for p in _draw(3)]


def test_patches_show_the_colour_that_they_are_said_to():
    """The middle of a patch that belongs to a circle is inside it, and has its colour."""
    right = wrong = 0
    for picture in _draw(40):
        pixels = np.asarray(Image.open(io.BytesIO(picture.jpeg)), np.float64)
        height, width = pixels.shape[:2]
        for row, column in np.argwhere(picture.shapes == 1 + SHAPES.index("circle")):
            y, x = int((row + 0.5) * height / 10), int((column + 0.5) * width / 10)
            truth = list(COLOURS.values())[picture.colours[row, column] - 1]
            near = np.abs(pixels[y, x] - truth).max() < 60
            right, wrong = right + near, wrong + (not near)
    assert right > 40
    assert wrong < 0.15 * right  # watermarks, and circles that another object covers


def test_captions_name_what_the_patches_name():
    for picture in _draw(40):
        said = picture.caption.split(" over ")[0].split()
        names = [list(COLOURS)[i - 1] for i in np.unique(picture.colours) if i]
        kinds = [SHAPES[i - 1] for i in np.unique(picture.shapes) if i]
        assert set(names) <= set(said)
        assert set(kinds) <= set(said)


def test_pairs_are_as_frequent_as_asked_for():
    pairs = sum(" and " in picture.caption for picture in _draw(120, pair_prob=1.0))
    assert pairs > 100


def test_squeezed_as_the_image_processor_squeezes():
    [picture] = _draw(1)
    side = 80
    processor = BlipImageProcessorPil(
        size={"height": side, "width": side}, do_rescale=False, do_normalize=False
    )
    [theirs] = processor([Image.open(io.BytesIO(picture.jpeg))]).pixel_values
    np.testing.assert_array_equal(
        squeeze(picture.jpeg, side), np.asarray(theirs).transpose(1, 2, 0)
    )


def test_the_mask_covers_the_named_patches():
    for picture in _draw(20):
        assert picture.mask.shape == np.asarray(Image.open(io.BytesIO(picture.jpeg))).shape[:2]
        height, width = picture.mask.shape
        for row, column in np.argwhere(picture.shapes == 1 + SHAPES.index("circle")):
            assert picture.mask[int((row + 0.5) * height / 10), int((column + 0.5) * width / 10)]
        assert picture.mask.any()
        assert picture.mask.mean() < 0.5
