import math

from hdvg.sources.rows import SkippedRow
from hdvg.sources.ucf101 import read_ucf101


def _touch(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_the_class_is_label_and_caption(tmp_path):
    _touch(
        tmp_path,
        "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi",
        "HandStandPushups/v_HandStandPushups_g01_c02.avi",
        "YoYo/v_YoYo_g25_c05.avi",
    )
    videos = list(read_ucf101(tmp_path))
    assert [video.label for video in videos] == ["ApplyEyeMakeup", "HandstandPushups", "YoYo"]
    assert [video.spans[0].caption for video in videos] == [
        "apply eye makeup",
        "handstand pushups",
        "yo yo",
    ]
    # The group that a split must not part is in the name.
    assert videos[0].spans[0].name == "v_ApplyEyeMakeup_g08_c01"
    assert videos[0].spans[0].end_s == math.inf
    assert videos[0].locator == "ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi"


def test_both_spellings_of_the_odd_class_are_one(tmp_path):
    _touch(
        tmp_path,
        "HandStandPushups/v_HandstandPushups_g01_c01.avi",
        "HandstandPushups/v_HandStandPushups_g01_c02.avi",
    )
    assert {video.label for video in read_ucf101(tmp_path)} == {"HandstandPushups"}


def test_strangers_are_counted(tmp_path):
    _touch(tmp_path, "YoYo/v_Diving_g25_c05.avi", "YoYo/holiday.mp4")
    assert all(isinstance(row, SkippedRow) for row in read_ucf101(tmp_path))
