"""Random frames of copied clips by the number that is drawn into them."""

import numpy as np
import pytest

from hdvg.decoding.shown_frames import find_shown_frames
from hdvg.errors import InputError

UNLOADABLE = (ImportError, OSError, RuntimeError)
by_torchcodec = pytest.importorskip("hdvg.decoding.by_torchcodec", exc_type=UNLOADABLE)
NAMES = ["h264", "h264_open_gop", "h264_vfr", "h264_mkv", "hevc", "av1", "vp9_webm", "mpeg4"]


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_the_ones_that_were_asked_for(copied, number_in, name):
    generator = np.random.default_rng(0)
    for first, last, clip in copied(name):
        content = clip.path.read_bytes()
        shown = find_shown_frames(content, [0.0])
        for _ in range(8):
            count = min(4, last - first)
            numbers = np.sort(generator.choice(last - first, count, replace=False)).tolist()
            pictures = by_torchcodec.decode_numbers(content, shown, numbers)
            assert [number_in(picture) - first for picture in pictures] == numbers


def test_rubbish_is_an_input_error(copied):
    _, _, clip = copied("h264")[0]
    shown = find_shown_frames(clip.path.read_bytes(), [0.0])
    with pytest.raises(InputError, match="torchcodec cannot decode it"):
        by_torchcodec.decode_numbers(b"not a video", shown, [0])
