"""Columns of clips, of their videos, scores and captions, each value beside its clip."""

import pytest

from hdvg.errors import InputError
from hdvg.select.columns import Columns


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("clip_id", ["a_0", "b_0", "c_0", "c_1"]),
        ("height", [720, 1080, 360, 360]),
        ("video_height", [720, 1080, 360, 360]),
        ("video_id", ["a", "b", "c", "c"]),
        ("label", ["Music", None, None, None]),
        ("license", ["CC-BY", None, None, None]),
        ("categories", [None, ["Film", "Music"], None, None]),
        ("duration_s", [3.0, 4.0, 2.5, 1.0]),
        ("watermark", [0.2, 0.1, 0.9, None]),
        ("caption", [None, "a red ball", "rain", ""]),
        ("caption_alt_text", [None, "a red ball", "rain", ""]),
        ("caption_blip2_opt", [None, None, None, "a dog"]),
        ("aspect", [16 / 9, 608 / 1080, 16 / 9, 16 / 9]),
    ],
)
def test_every_clip_has_its_own_value(catalogue, name, values):
    columns = Columns(catalogue)
    assert len(columns) == 4
    assert columns.column(name).to_pylist() == values
    assert name in columns.names()


def test_rows_can_be_given(catalogue):
    clips = catalogue.table("clips").take([3, 1])
    assert Columns(catalogue, clips).column("watermark").to_pylist() == [None, 0.1]


def test_all_names_that_are_offered_can_be_read(catalogue):
    columns = Columns(catalogue)
    missing = {"text_area", "duplicate_of", "caption_repeats"}
    for name in set(columns.names()) - missing:
        assert len(columns.column(name)) == 4


def test_unknown_names_come_with_the_near_ones(catalogue):
    with pytest.raises(InputError, match=r"no column 'watermrk'; did you mean watermark\?"):
        Columns(catalogue).column("watermrk")
    with pytest.raises(InputError, match=r"no column 'q'; docs/formats\.md lists all"):
        Columns(catalogue).column("q")


def test_scores_that_nobody_made_are_named_with_their_command(catalogue):
    with pytest.raises(InputError, match=r"'text_area' is not known yet.*family 'text'.*score"):
        Columns(catalogue).column("text_area")
