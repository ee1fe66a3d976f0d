"""What the benchmark plants is there, and what it prints can be read."""

import numpy as np
from benchmarks.hdvg_scores import COPIES, STYLES, format_lines, write_text
from PIL import Image


def test_text_is_drawn_over_about_the_area_that_is_said():
    for seed, style in enumerate(STYLES):
        plain = Image.new("RGB", (1280, 720), (90, 90, 90))
        written = plain.copy()
        share = write_text(written, style, np.random.default_rng(seed))
        changed = np.argwhere((np.asarray(plain) != np.asarray(written)).any(2))
        height, width = changed.max(0) - changed.min(0) + 1
        assert 0.7 < height * width / (1280 * 720) / share < 1.4


def test_copies_show_the_same_picture():
    ramp = np.linspace(40, 200, 1280).astype(np.uint8)
    image = Image.fromarray(np.repeat(np.repeat(ramp[None], 720, 0)[:, :, None], 3, 2))
    for name, copy in COPIES.items():
        small = [
            np.asarray(p.convert("L").resize((16, 9))).astype(int) for p in (image, copy(image))
        ]
        shift = 20 if "levels" in name else 0
        assert abs(np.abs(small[0] - small[1]).mean() - shift) < 4, name


def test_results_are_lines():
    lines = list(format_lines({"a": {"b": 0.12345, "c": 3}, "d": "x"}))
    assert lines == ["a", "  b: 0.123", "  c: 3", "d: x"]
