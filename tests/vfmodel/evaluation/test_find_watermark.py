"""The watermark against clips with it, without it, and with other things in its place."""

import numpy as np
import pytest
from PIL import Image

from hdvg.shapes.overlay import stamp_watermark
from vfmodel.evaluation.find_watermark import THRESHOLD, watermark_likeness
from vfmodel.evaluation.shapes_prompts import draw_prompts


def render(prompt, height=96, width=176):
    return prompt.render(8, 8.0, height, width).permute(0, 2, 3, 1).float().numpy()


@pytest.mark.parametrize("stock", [False, True])
def test_it_is_found_where_it_is_and_nowhere_else(stock):
    likeness = [
        watermark_likeness(render(prompt)) for prompt in draw_prompts(24, 1, 7 / 8, stock=stock)
    ]
    assert all((value >= THRESHOLD) == stock for value in likeness)


def test_it_is_found_at_another_size():
    [clean] = draw_prompts(1, 2, 7 / 8)
    [stock] = draw_prompts(1, 2, 7 / 8, stock=True)
    assert watermark_likeness(render(stock, 192, 344)) > THRESHOLD
    assert abs(watermark_likeness(render(clean, 192, 344))) < THRESHOLD


def test_it_is_found_a_pixel_off_its_place_and_at_half_its_strength():
    frame = np.full((96, 176, 3), 90, np.uint8)
    marked = frame.copy()
    stamp_watermark(marked)
    faint = frame + (marked - frame) * np.float32(0.5)
    assert watermark_likeness(np.roll(faint, (1, -1), (0, 1))[None]) > 0.9


def test_a_plain_bar_in_its_place_is_none():
    frame = np.full((96, 176, 3), 90, np.float32)
    frame[42:54, 51:125] = 150
    assert watermark_likeness(frame[None]) < THRESHOLD
    ramp = np.asarray(Image.linear_gradient("L").resize((176, 96)), np.float32)
    assert abs(watermark_likeness(np.repeat(ramp[None, ..., None], 3, -1))) < THRESHOLD
