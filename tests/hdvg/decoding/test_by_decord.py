"""Random frames of copied clips by the number that is drawn into them."""

import pytest

UNLOADABLE = (ImportError, OSError, RuntimeError)
by_decord = pytest.importorskip("hdvg.decoding.by_decord", exc_type=UNLOADABLE)
NAMES = ["h264", "h264_open_gop", "h264_vfr", "h264_mkv", "hevc", "vp9_webm", "mpeg4"]


@pytest.mark.parametrize("name", NAMES)
def test_frames_are_the_ones_that_were_asked_for(check_random_frames, name):
    check_random_frames(by_decord, name)


def test_rubbish_is_an_input_error(check_rubbish):
    check_rubbish(by_decord, "decord")
