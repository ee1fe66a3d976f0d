import av
import numpy as np
import pytest

from hdvg.scan.hold_frames import FrameHolder


def _frames(count):
    return [av.VideoFrame(16, 16, "yuv420p") for _ in range(count)]


@pytest.mark.parametrize("length", [1, 5, 16, 17, 100, 999, 5000])
def test_the_middle_of_a_scene_is_never_far(length):
    holder, frame = FrameHolder(2**20), _frames(1)[0]
    for index in range(length):
        holder.add(index, frame)
    assert len(holder._held) <= 8
    for wanted in np.linspace(0, length - 1, 7):
        index, _ = holder.nearest(0, length, wanted)
        assert abs(index - wanted) <= max(0.5, length / 4)


def test_large_frames_are_held_less_often():
    holder, frame = FrameHolder(2**30), _frames(1)[0]
    for index in range(100):
        holder.add(index, frame)
    assert len(holder._held) <= 4


def test_a_new_scene_is_held_finely_again():
    holder, frames = FrameHolder(2**20), _frames(128)
    for index, frame in enumerate(frames):
        if index == 120:
            holder.begin_scene(index)
        holder.add(index, frame)
    assert [holder.nearest(120, 130, i)[0] for i in range(120, 128)] == list(range(120, 128))
    assert holder.nearest(120, 130, 125)[1] is frames[125]
    holder.let_go(before=125)
    assert holder.nearest(0, 125, 3) is None
    assert holder.nearest(0, 130, 3)[0] == 125
