"""Tiles stand where they should, unchanged, with their own text under each."""

import numpy as np
import pytest

from vfmodel.video_grid import compose_grid, draw_text, wrap

PAPER, GAP, LINE = 250, 8, 20


def noise(seed, frames=3, height=6, width=128):
    return np.random.default_rng(seed).integers(0, 200, (frames, 3, height, width), np.uint8)


@pytest.mark.parametrize("count", [1, 3, 4, 6])
def test_each_video_lies_enlarged_in_its_cell(count):
    videos = [noise(seed) for seed in range(count)]
    grid = compose_grid(videos, [f"number {n}" for n in range(count)])
    columns, rows = min(4, count), -(-count // 4)
    cell = (12 + LINE + GAP + GAP, 256 + GAP)
    assert grid.shape == (3, 3, rows * cell[0] + GAP, columns * cell[1] + GAP)
    for n, video in enumerate(videos):
        top, left = n // 4 * cell[0] + GAP, n % 4 * cell[1] + GAP
        tile = grid[:, :, top : top + 12, left : left + 256]
        for y, x in ((0, 0), (1, 0), (0, 1), (1, 1)):
            np.testing.assert_array_equal(tile[:, :, y::2, x::2], video)
        text = grid[:, :, top + 12 : top + 12 + LINE + GAP, left : left + 256]
        assert (text == text[:1]).all()
        np.testing.assert_array_equal(text[0], draw_text([f"number {n}"], LINE + GAP, 256))
    if count == 6:
        assert (grid[:, :, cell[0] + GAP :, 2 * cell[1] + GAP :] == PAPER).all()


def test_large_videos_keep_their_size():
    video = noise(0, height=10, width=344)
    grid = compose_grid([video], ["x"])
    np.testing.assert_array_equal(grid[:, :, GAP : GAP + 10, GAP : GAP + 344], video)


def test_different_texts_look_different_and_end_within_the_picture():
    one, two = draw_text(["a red circle"], 28, 256), draw_text(["a red square"], 28, 256)
    assert one.shape == (3, 28, 256)
    assert one.min() < 100 < PAPER == one.max()
    assert (one != two).any()
    # A line that was wrapped for a width leaves the columns beyond it empty.
    words = "a red circle moving left over a green background with white stripes"
    for line in wrap(words, 200):
        drawn = draw_text([line], 28, 400)
        assert (drawn[:, :, 202:] == PAPER).all(), line


def test_text_is_broken_between_words_and_long_text_is_cut():
    words = "a red circle moving left over a green background"
    lines = wrap(words, 200)
    assert " ".join(lines) == words
    assert len(lines) == 2
    assert wrap("  blanks\n and\tlines ", 200) == ["blanks and lines"]
    long = wrap("word " * 200, 200)
    assert len(long) == 4
    assert long[-1].endswith(" ...")
    assert wrap("x" * 300, 200) == ["x" * 300]
