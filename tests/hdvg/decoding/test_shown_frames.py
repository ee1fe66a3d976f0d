"""Frame numbers by time, against what full decoding shows."""

import av
import numpy as np
import pytest

from hdvg.decoding.shown_frames import find_shown_frames
from hdvg.errors import InputError


@pytest.mark.parametrize("name", ["h264", "h264_open_gop", "h264_vfr", "hevc", "av1", "mpeg4"])
def test_times_give_the_frame_on_screen(copied, number_in, name):
    generator = np.random.default_rng(0)
    for first, last, clip in copied(name):
        with av.open(str(clip.path)) as container:
            decoded = [
                (frame.time, number_in(frame.to_ndarray(format="rgb24")))
                for frame in container.decode(video=0)
            ]
        times_s = np.sort(generator.uniform(0, decoded[-1][0] + 0.5, 20))
        found = find_shown_frames(clip.path.read_bytes(), times_s)
        truth = [max(n for start_s, n in decoded if start_s <= t) for t in times_s]
        assert [first + number for number in found.numbers] == truth
        assert found.num_hidden == clip.lead_hidden_frames
        exactly = find_shown_frames(clip.path.read_bytes(), [start_s for start_s, _ in decoded])
        assert list(exactly.numbers) == list(range(last - first))


def test_pictures_before_their_keyframe_forbid_counting_from_it(copied):
    def seeks(name):
        clips = [clip.path.read_bytes() for _, _, clip in copied(name)]
        return [find_shown_frames(clip, [0.0]).seeks_exactly for clip in clips]

    assert all(seeks("h264"))
    assert not all(seeks("h264_open_gop"))
    assert not all(seeks("mpeg4"))


def test_what_is_no_video_is_an_input_error():
    with pytest.raises(InputError, match="not a readable video"):
        find_shown_frames(b"not a video", [0.0])
