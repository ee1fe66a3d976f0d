"""Rendered clips: repeatable, moving as their caption says, and of the colours it names."""

import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.shapes.scene import COLOURS, MOTIONS, is_held_out
from vfmodel.scene_clips import (
    SceneClips,
    SceneKind,
    parse_scenes,
    random_frames,
    recoloured_frames,
)

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


def test_stock_footage_is_marked_in_its_middle_and_nowhere_else():
    clean, stock = SceneClips(8, **SIZE)[2], SceneClips(8, **SIZE, kind=SceneKind.STOCK)[2]
    assert stock["caption"].endswith(", stock footage")
    assert "stock" not in clean["caption"]
    brighter = stock["video"].astype(int) - clean["video"]
    assert brighter.min() == 0
    assert (brighter[:, :, 42:55, 48:128].max(axis=(2, 3)) > 20).all()
    brighter[:, :, 40:58, 46:130] = 0
    assert not brighter.any()


def test_a_captioner_that_sees_one_frame_wrote_a_quarter_of_the_clean_captions():
    clips = SceneClips(400, num_frames=1, fps=8.0, height=8, width=14)
    texts = [clips[i]["caption"] for i in range(400)]
    moving = sum(any(motion in text for motion in MOTIONS) for text in texts)
    assert 270 < moving < 330  # 3 sigma around 300


def test_held_out_combinations_are_never_shown():
    clips = SceneClips(300, num_frames=1, fps=8.0, height=32, width=56, kind=SceneKind.STOCK)
    for text in (clips[i]["caption"] for i in range(300)):
        things, _, background = text.removesuffix(" background, stock footage").rpartition(
            " over a "
        )
        for thing in things.split(" and "):
            _, colour, shape, motion = thing.split(maxsplit=3)
            assert not is_held_out(colour, shape, motion, background)


def test_moving_scenes_have_one_object_that_moves_and_say_so():
    clips = SceneClips(120, **SIZE, kind=SceneKind.MOVING)
    motions = set()
    for item in (clips[i] for i in range(120)):
        thing, _, background = item["caption"].removesuffix(" background").rpartition(" over a ")
        _, colour, shape, motion = thing.split(maxsplit=3)
        assert " and " not in thing
        assert not is_held_out(colour, shape, motion, background)
        motions.add(motion)
    assert motions == set(MOTIONS) - {"staying still"}


@pytest.mark.parametrize(
    ("root", "scenes"),
    [
        ("shapes:12", (SceneKind.CLEAN, 12)),
        ("moving_shapes:1", (SceneKind.MOVING, 1)),
        ("stock_shapes:7", (SceneKind.STOCK, 7)),
        ("data/shapes", None),
        ("shapes", None),
        ("s3://bucket/shapes:12", None),
    ],
)
def test_a_source_names_scenes_or_a_dataset(root, scenes):
    assert parse_scenes(root) == scenes


@pytest.mark.parametrize("root", ["shapes:", "moving_shapes:0", "stock_shapes:-1", "shapes:1e3"])
def test_a_number_of_scenes_that_cannot_be_is_named(root):
    with pytest.raises(InputError, match=root):
        parse_scenes(root)
