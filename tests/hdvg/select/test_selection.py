"""Rules with names: applied, saved, listed."""

import json
import math

import pytest

from hdvg.catalogue import Catalogue
from hdvg.errors import InputError
from hdvg.select.selection import (
    SHIPPED,
    clip_mask,
    list_selections,
    measure,
    read_selection,
    save_selection,
)

HD = {
    "width": 1280,
    "height": 720,
    "watermark": 0.0,
    "boundary_start": "cut",
    "boundary_end": "video_edge",
}


@pytest.fixture
def storage(write_tables, tmp_path):
    clips = [{"clip_id": name, "video_id": "v", "end_s": 2.0, "height": h} for name, h in HEIGHTS]
    return write_tables(tmp_path / "d", {"u": {"videos": [{"video_id": "v"}], "clips": clips}})


HEIGHTS = [("a", 720), ("b", 360), ("c", 1080)]


def test_a_rule_counts_and_is_saved_and_applied_by_name(storage):
    found = measure(Catalogue(storage), "height >= 720", "hq")
    assert (found.num_clips, found.num_clips_total, found.duration_s) == (2, 3, 4.0)
    save_selection(storage, found)
    assert read_selection(storage, "hq") == found
    assert clip_mask(Catalogue(storage), "hq").tolist() == [True, False, True]
    assert clip_mask(Catalogue(storage), "not height >= 720").tolist() == [False, True, False]
    assert list_selections(storage) == SHIPPED | {"hq": "height >= 720"}
    some = Catalogue(storage).table("clips").slice(1)
    assert clip_mask(Catalogue(storage), "hq", some).tolist() == [False, True]


def test_a_name_keeps_its_meaning(storage):
    rule = measure(Catalogue(storage), "height >= 720", "hq")
    save_selection(storage, rule)
    save_selection(storage, rule)
    with pytest.raises(InputError, match=r"'hq' stands for 'height >= 720' already"):
        save_selection(storage, measure(Catalogue(storage), "height >= 1080", "hq"))
    with pytest.raises(InputError, match="'hd_vg' comes with hdvg"):
        save_selection(storage, measure(Catalogue(storage), "height >= 1080", "hd_vg"))
    for bad in ("", "a b", "../x", "3d", "x" * 65):
        with pytest.raises(InputError, match="name is a letter"):
            save_selection(storage, measure(Catalogue(storage), "height >= 1080", bad))
    assert list_selections(storage) == SHIPPED | {"hq": "height >= 720"}


def test_a_word_that_is_no_name_says_which_names_there_are(storage):
    save_selection(storage, measure(Catalogue(storage), "height >= 720", "hq"))
    with pytest.raises(InputError, match="no selection 'hp'; there are: hd_vg, hq"):
        clip_mask(Catalogue(storage), "hp")
    with pytest.raises(InputError, match="no column 'heigth'; did you mean height"):
        clip_mask(Catalogue(storage), "heigth > 3")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"schema_version": 1}', b"\xff"])
def test_damaged_files_are_named(storage, content):
    storage.write_bytes("selections/hq.json", content)
    with pytest.raises(InputError, match=r"not a selection: .*hq\.json"):
        read_selection(storage, "hq")
    newer = json.dumps({"schema_version": 9}).encode()
    storage.write_bytes("selections/hq.json", newer)
    with pytest.raises(InputError, match="schema version 9"):
        read_selection(storage, "hq")


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({}, True),
        ({"height": 719}, False),
        ({"width": 1100}, False),
        ({"watermark": 0.6}, False),
        ({"watermark": math.nan}, False),
        ({"boundary_end": "span"}, False),
        ({"crop_x": 0, "crop_y": 90, "crop_width": 1280, "crop_height": 540}, True),
        ({"crop_x": 437, "crop_y": 0, "crop_width": 405, "crop_height": 720}, False),
    ],
)
def test_the_papers_definition_comes_with_hdvg(write_tables, tmp_path, change, kept):
    row = HD | change
    score = {"clip_id": "a", "watermark": row.pop("watermark")}
    clip = {"clip_id": "a", "video_id": "v", **row}
    unit = {"videos": [{"video_id": "v"}], "clips": [clip], "scores.scan": [score]}
    storage = write_tables(tmp_path / "d", {"u": unit})
    assert clip_mask(Catalogue(storage), "hd_vg").tolist() == [kept]
