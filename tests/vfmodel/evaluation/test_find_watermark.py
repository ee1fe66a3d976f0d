"""The watermark against clips with it, without it, and with other things in its place."""

import numpy as np
import pytest
from PIL import Image

from hdvg.shapes.overlay import stamp_watermark
from vfmodel.evaluation.find_watermark import THRESHOLD, watermark_likeness
from vfmodel.evaluation.segment_object import segment_object
from vfmodel.evaluation.shapes_prompts import draw_prompts


def measure(prompt, height=96, width=176):
    pixels = prompt.render(8, 8.0, height, width).permute(0, 2, 3, 1).float().numpy()
    return watermark_likeness(pixels, segment_object(pixels).cover)


def measure_bare(frame):
    return watermark_likeness(frame[None], np.zeros((1, *frame.shape[:2]), np.float32))


@pytest.mark.parametrize("stock", [False, True])
def test_it_is_found_where_it_is_and_nowhere_else(stock):
    likeness = [measure(prompt) for prompt in draw_prompts(8, 1, 7 / 8, stock=stock)]
    assert all((value >= THRESHOLD) == stock for value in likeness)


def test_it_is_found_at_another_size():
    [clean] = draw_prompts(1, 2, 7 / 8)
    [stock] = draw_prompts(1, 2, 7 / 8, stock=True)
    assert measure(stock, 192, 344) > THRESHOLD
    assert abs(measure(clean, 192, 344)) < THRESHOLD


def test_it_is_found_a_pixel_off_its_place_and_at_half_its_strength():
    frame = np.full((96, 176, 3), 90, np.uint8)
    marked = frame.copy()
    stamp_watermark(marked)
    faint = frame + (marked - frame) * np.float32(0.5)
    assert measure_bare(np.roll(faint, (1, -1), (0, 1))) > 0.9


def test_a_plain_bar_in_its_place_is_none():
    frame = np.full((96, 176, 3), 90, np.float32)
    frame[42:54, 51:125] = 150
    assert measure_bare(frame) < THRESHOLD
    ramp = np.asarray(Image.linear_gradient("L").resize((176, 96)), np.float32)
    assert abs(measure_bare(np.repeat(ramp[..., None], 3, -1))) < THRESHOLD


def test_what_an_object_hides_all_the_time_cannot_be_told():
    frame = np.full((96, 176, 3), 90, np.uint8)
    stamp_watermark(frame)
    pixels, cover = frame[None].astype(np.float32), np.zeros((1, 96, 176), np.float32)
    cover[:, :, 90:] = 1.0
    assert watermark_likeness(pixels, cover) > 0.9  # half of it is enough
    cover[:, :, 60:] = 1.0
    assert watermark_likeness(pixels, cover) == 0.0
    assert watermark_likeness(pixels.transpose(0, 2, 1, 3), cover.transpose(0, 2, 1)) == 0.0
