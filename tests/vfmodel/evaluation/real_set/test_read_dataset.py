"""Folders laid out as the datasets are distributed."""

import csv
import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.protocol import RealRule
from vfmodel.evaluation.real_set.read_dataset import read_dataset


def rule(dataset, split="all", num_listed=0):
    return RealRule(dataset=dataset, split=split, num_clips=1, num_listed=num_listed)


def touch(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_ucf101(tmp_path):
    for name in (
        "YoYo/v_YoYo_g01_c01.avi",
        "YoYo/v_YoYo_g02_c01.avi",
        "Archery/v_Archery_g01_c01.avi",
    ):
        touch(tmp_path / name)
    touch(tmp_path / "YoYo/holiday.avi")
    found = read_dataset(tmp_path, rule("ucf101", num_listed=13320))
    assert [v.label for v in found.videos] == ["Archery", "YoYo", "YoYo"]
    assert found.videos[1].path == tmp_path / "YoYo/v_YoYo_g01_c01.avi"
    assert sum(found.skipped.values()) == 1
    assert "3 of 13320 videos" in found.shortfall()
    with pytest.raises(InputError, match="no split 'test'"):
        read_dataset(tmp_path, rule("ucf101", "test"))


def write_msrvtt(path, names):
    path.parent.mkdir(parents=True, exist_ok=True)
    body = {
        "videos": [
            {
                "video_id": name,
                "category": 9,
                "url": "https://www.youtube.com/watch?v=abcdefghijk",
                "start time": 1.0,
                "end time": 9.5,
            }
            for name in names
        ],
        "sentences": [
            {"video_id": name, "caption": f"{name} says {number}", "sen_id": number}
            for name in names
            for number in range(3)
        ],
    }
    path.write_text(json.dumps(body))


def test_msrvtt_in_one_file_and_in_two(tmp_path):
    names = ["video0", "video6512", "video6513", "video7010", "video9999"]
    write_msrvtt(tmp_path / "one/all.json", names)
    write_msrvtt(tmp_path / "two/train_val_videodatainfo.json", names[:3])
    write_msrvtt(tmp_path / "two/test_videodatainfo.json", names[3:])
    for folder in ("one", "two"):
        touch(tmp_path / folder / "TestVideo/video7010.mp4")
        found = read_dataset(tmp_path / folder, rule("msrvtt", "test", 2990))
        assert [v.name for v in found.videos] == ["video7010", "video9999"]
        assert found.videos[1].captions == tuple(f"video9999 says {i}" for i in range(3))
        assert [v.name for v in found.found] == ["video7010"]
        assert len(read_dataset(tmp_path / folder, rule("msrvtt", "train")).videos) == 2


def test_webvid(tmp_path):
    for split, names in (("train", ["1", "2"]), ("val", ["3", "4"])):
        with (tmp_path / f"results_2M_{split}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["videoid", "contentUrl", "duration", "page_dir", "name"])
            for name in names:
                url = f"https://ak.picdn.net/shutterstock/videos/{name}/preview/x.mp4"
                rows.writerow([name, url, "PT00H00M11S", "006001_006050", f"Film {name}, slow"])
            rows.writerow(["9", "no url", "", "", "x"])
    touch(tmp_path / "videos/006001_006050/4.mp4")
    found = read_dataset(tmp_path, rule("webvid", "val", 5000))
    assert [(v.name, v.captions) for v in found.videos] == [
        ("3", ("Film 3, slow",)),
        ("4", ("Film 4, slow",)),
    ]
    assert [v.name for v in found.found] == ["4"]
    assert sum(found.skipped.values()) == 1
    assert len(read_dataset(tmp_path, rule("webvid")).videos) == 4


def test_any_folder(tmp_path):
    touch(tmp_path / "deep/x.mp4")
    assert [v.name for v in read_dataset(tmp_path, rule("folder")).videos] == ["x"]


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"no dataset folder: .*gone"):
        read_dataset(tmp_path / "gone", rule("folder"))
    with pytest.raises(InputError, match="no JSON list of MSR-VTT"):
        read_dataset(tmp_path, rule("msrvtt", "test"))
    with pytest.raises(InputError, match=r"no list \*_val.csv of WebVid"):
        read_dataset(tmp_path, rule("webvid", "val"))
    with pytest.raises(InputError, match=r"no video of ucf101 \(all\)"):
        read_dataset(tmp_path, rule("ucf101"))
