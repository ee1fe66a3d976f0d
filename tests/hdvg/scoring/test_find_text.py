"""Text that was drawn is found where it stands; pictures without any have none."""

from itertools import islice
from pathlib import Path

import av
import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from hdvg.scoring.find_text import find_lines, measure_text_area
from hdvg.shapes.render import render_frame
from hdvg.shapes.scene import sample_scene

FONTS = Path(matplotlib.get_data_path()) / "fonts/ttf"


def _background(seed, size=(1280, 720)):
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(60, 130, (9, 16, 3), np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def _write(image, text, size, at, font="DejaVuSans.ttf", **style):
    draw = ImageDraw.Draw(image)
    drawn = {"font": ImageFont.truetype(str(FONTS / font), size)}
    draw.text(at, text, fill=style.pop("fill", "white"), **drawn, **style)
    return draw.textbbox(at, text, **drawn)


@pytest.mark.parametrize("font", ["DejaVuSans-Bold.ttf", "DejaVuSerif.ttf", "STIXGeneral.ttf"])
@pytest.mark.parametrize("size", [44, 60, 110])
@pytest.mark.parametrize(
    "style", [{}, {"stroke_width": 2, "stroke_fill": "black"}, {"fill": "black"}]
)
def test_the_area_is_that_of_the_drawn_line(font, size, style):
    image = _background(size)
    left, top, right, bottom = _write(image, "Breaking news today", size, (60, 200), font, **style)
    truth = (right - left) * (bottom - top) / (1280 * 720)
    found = measure_text_area(np.asarray(image.convert("L")))
    assert 0.6 * truth < found < 1.6 * truth


@pytest.mark.parametrize("word", ["jumps", "quick", "Typography"])
def test_letters_below_the_line_do_not_hide_a_word(word):
    image = _background(1)
    _write(image, word, 60, (500, 300), "DejaVuSerif.ttf")
    assert measure_text_area(np.asarray(image.convert("L"))) > 0.005


def test_lines_are_found_where_they_stand():
    image = _background(3, (682, 384))
    boxes = [
        _write(image, "Subscribe now", 30, (40, 60)),
        _write(image, "Episode two", 40, (300, 300)),
    ]
    lines = find_lines(np.asarray(image.convert("L")))
    for box in boxes:
        assert (np.abs(lines - box).max(1) < 10).any()
    for line in lines:
        assert (np.abs(np.array(boxes) - line).max(1) < 60).any()


def test_pictures_without_text_have_none(film_clips):
    pictures = [np.asarray(_background(seed).convert("L")) for seed in range(3)]
    for seed in range(6):
        frame = render_frame(sample_scene(np.random.default_rng(seed), 2.0), 0.5, 384, 682)
        pictures.append(np.asarray(Image.fromarray(frame).convert("L")))
    for name in ("bikes.mp4", "bigbuckbunny.mp4"):
        with av.open(str(film_clips[name])) as container:
            frames = list(islice(container.decode(video=0), 0, 30, 10))
        pictures += [np.asarray(frame.to_image().convert("L")) for frame in frames]
    noise = np.random.default_rng(0).integers(0, 256, (384, 682), np.uint8)
    stripes = np.tile(np.where(np.arange(682) // 9 % 2, 200, 40).astype(np.uint8), (384, 1))
    pictures += [noise, stripes, np.full((384, 682), 128, np.uint8), np.zeros((1, 1), np.uint8)]
    areas = [measure_text_area(picture) for picture in pictures]
    assert max(areas) < 0.005
