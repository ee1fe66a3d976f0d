import numpy as np

from hdvg.scoring.find_repeats import find_repeats


def test_copies_name_the_first_clip_and_captions_are_counted():
    codes = np.array([0b1111, 2**40, 0b1101, 2**63, 2**40], np.uint64)
    captions = {"a": "A red ball", "b": "", "c": "a  RED ball", "d": "rain"}
    rows = find_repeats(list("abcde"), codes, captions, 1)
    assert [row["duplicate_of"] for row in rows] == [None, None, "a", None, "b"]
    assert [row["caption_repeats"] for row in rows] == [1, 0, 1, 0, 0]
    assert [row["clip_id"] for row in rows] == list("abcde")


def test_no_clips_have_no_rows():
    assert find_repeats([], np.zeros(0, np.uint64), {}, 6) == []
