"""Rendered clips: repeatable, moving as their caption says, and of the colours it names."""

import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.shapes.scene import COLOURS
from vfmodel.scene_clips import SceneClips, random_frames, recoloured_frames

SIZE = {"num_frames": 8, "fps": 8.0, "height": 96, "width": 176}


def test_a_clip_is_a_pure_function_of_seed_epoch_and_index():
    first, second = SceneClips(4, **SIZE), SceneClips(9, **SIZE)
    second[0]
    assert (first[3]["video"] == second[3]["video"]).all()
    second.set_epoch(1)
    assert first[3]["caption"] == second[3]["caption"]
    assert (first[3]["video"] != second[3]["video"]).any()
    assert (SceneClips(4, **SIZE, seed=1)[3]["video"] != first[3]["video"]).any()


def centre_of(frame, colour):
    close = np.abs(frame.astype(int) - np.array(COLOURS[colour])[:, None, None]).sum(0) < 12
    return np.argwhere(close).mean(0) if close.sum() > 20 else None


def test_the_object_moves_where_its_caption_says():
    directions = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    checked = set()
    for item in (SceneClips(60, **SIZE)[i] for i in range(60)):
        words = item["caption"].split()
        if "and" in words or words[3] != "moving":
            continue
        start, end = (centre_of(item["video"][k], words[1]) for k in (1, -2))
        if start is None or end is None:
            continue
        assert (end - start) @ directions[words[4]] > 5, item["caption"]
        checked.add(words[4])
    assert checked == set(directions)


def test_single_frames_come_with_their_captions():
    frames, captions = random_frames(5, 6, 32, 48)
    assert frames.shape == (6, 3, 32, 48)
    assert len(captions) == 6
    assert (frames[0] != frames[1]).any()


def test_a_third_of_the_frames_is_recoloured_and_no_pixel_moves():
    plain, _ = random_frames(5, 9, 32, 48)
    changed = recoloured_frames(5, 9, 32, 48)
    assert (changed[3:] == plain[3:]).all()
    for new, old in zip(changed[:3], plain[:3], strict=True):
        sums = new.astype(int).sum(0), old.astype(int).sum(0)
        assert (sums[0] == sums[1]).all() or (sums[0] == 765 - sums[1]).all()


def test_there_must_be_a_scene():
    with pytest.raises(InputError, match="0"):
        SceneClips(0, **SIZE)
