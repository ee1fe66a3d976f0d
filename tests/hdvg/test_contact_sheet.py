"""A contact sheet shows the frames and captions it was given, where a reader looks for them."""

import numpy as np
import pytest
from PIL import Image

from hdvg.contact_sheet import save_contact_sheet
from hdvg.errors import InputError


def _clip(colours, height=96, width=176):
    frames = [
        np.broadcast_to(np.array(c, np.uint8)[:, None, None], (3, height, width)) for c in colours
    ]
    return np.stack(frames)


RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def _colours_along(path, y):
    """The distinct saturated colours on one line of the sheet, in order."""
    line = np.asarray(Image.open(path).convert("RGB"))[y]
    runs = [tuple(map(int, pixel)) for pixel in line if tuple(pixel) in {RED, GREEN, BLUE}]
    return [c for i, c in enumerate(runs) if i == 0 or c != runs[i - 1]]


def test_frames_stand_in_reading_order(tmp_path):
    clips = [(_clip([RED, GREEN]), "one"), (_clip([BLUE, RED]), "two"), (_clip([GREEN, BLUE]), "x")]
    path = save_contact_sheet(tmp_path / "sheet.png", clips, columns=2, frames_per_clip=2)
    assert _colours_along(path, 50) == [RED, GREEN, BLUE, RED]
    height = Image.open(path).height
    assert _colours_along(path, height // 2 + 50) == [GREEN, BLUE]


def test_thumbnails_are_spread_from_the_first_to_the_last_frame(tmp_path):
    clip = _clip([RED] + [BLUE] * 3 + [GREEN])
    path = save_contact_sheet(tmp_path / "s.png", [(clip, "")], frames_per_clip=3)
    assert _colours_along(path, 50) == [RED, BLUE, GREEN]


def test_the_caption_is_drawn_under_its_clip(tmp_path):
    sheets = []
    for caption in ("", "a red circle moving left"):
        path = save_contact_sheet(tmp_path / "s.png", [(_clip([RED]), caption)])
        sheets.append(np.asarray(Image.open(path).convert("L")).astype(int))
    assert sheets[0].shape == sheets[1].shape
    changed = np.argwhere(np.abs(sheets[0] - sheets[1]) > 50)
    assert len(changed) > 100
    assert changed[:, 0].min() >= 8 + 96


def test_long_captions_take_more_lines_but_not_without_end(tmp_path):
    heights = []
    for words in (3, 150, 3000):
        path = save_contact_sheet(tmp_path / "s.png", [(_clip([RED]), "meadow " * words)])
        heights.append(Image.open(path).height)
    assert heights[0] < heights[1] == heights[2]


def test_clips_of_other_sizes_and_lengths_fit(tmp_path):
    clips = [
        (_clip([RED], 384, 704), "up"),
        (_clip([BLUE] * 9, 200, 100), "tall"),
        (_clip([GREEN]), ""),
    ]
    path = save_contact_sheet(tmp_path / "deep" / "s.png", clips, columns=9)
    assert _colours_along(path, 50) == [RED, BLUE, GREEN]
    assert [p.name for p in path.parent.iterdir()] == ["s.png"]


@pytest.mark.parametrize(
    ("clips", "options", "message"),
    [
        ([], {}, "at least one clip"),
        ([(np.zeros((2, 8, 8, 3), np.uint8), "")], {}, r"got shape \(2, 8, 8, 3\)"),
        ([(_clip([RED]), "")], {"columns": 0}, "at least 1, got 0 and 4"),
    ],
)
def test_what_cannot_be_drawn_is_refused(tmp_path, clips, options, message):
    with pytest.raises(InputError, match=message):
        save_contact_sheet(tmp_path / "s.png", clips, **options)
    assert list(tmp_path.iterdir()) == []
