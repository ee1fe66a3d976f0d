import json

import pytest

from hdvg.errors import InputError
from hdvg.sources.recognise import KINDS, split_kind

HDVG = {"gpB2FGY5Fuk": {"url": "u", "clip": {"x.mp4": {}}}}
FILES = {
    "hdvila": json.dumps({"video_id": "x", "url": "u", "clip": []}) + "\n",
    "hdvg130m": json.dumps(HDVG, indent=1),
    "msrvtt": json.dumps({"info": {}, "videos": [], "sentences": []}),
    "webvid": "videoid,contentUrl,duration,page_dir,name\n",
    "panda70m": "videoID,url,timestamp,caption,matching_score\n",
    "list": "# ids\ndQw4w9WgXcQ\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_content_shows_the_kind(tmp_path, kind):
    path = tmp_path / "some.txt"
    path.write_text(FILES[kind])
    assert split_kind(str(path)) == (kind, str(path))
    assert split_kind(f"{kind}:{path}") == (kind, str(path))


def test_the_released_file_on_one_line_too(tmp_path):
    path = tmp_path / "hdvg_0.json"
    path.write_text(json.dumps(HDVG))
    assert split_kind(str(path))[0] == "hdvg130m"


def test_folders(tmp_path):
    (tmp_path / "plain/a").mkdir(parents=True)
    (tmp_path / "plain/a/x.mp4").touch()
    assert split_kind(str(tmp_path / "plain"))[0] == "folder"
    (tmp_path / "ucf/YoYo").mkdir(parents=True)
    (tmp_path / "ucf/YoYo/v_YoYo_g01_c01.avi").touch()
    assert split_kind(str(tmp_path / "ucf"))[0] == "ucf101"
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/dataset.json").touch()
    assert split_kind(str(tmp_path / "ours"))[0] == "dataset"
    assert split_kind(f"folder:{tmp_path}/ours")[0] == "folder"
    (tmp_path / "one.MP4").touch()
    assert split_kind(str(tmp_path / "one.MP4"))[0] == "file"


def test_a_dataset_may_lie_elsewhere():
    assert split_kind("dataset:s3://bucket/x") == ("dataset", "s3://bucket/x")


def test_mistakes_are_named(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    with pytest.raises(InputError, match="put its kind in front"):
        split_kind(str(path))
    path.write_text("{")
    with pytest.raises(InputError, match="put its kind in front"):
        split_kind(str(path))
    with pytest.raises(InputError, match=r"unknown kind of source 'hdvilla'.*hdvila"):
        split_kind(f"hdvilla:{path}")
    with pytest.raises(InputError, match="source not found: nowhere"):
        split_kind("webvid:nowhere")
    with pytest.raises(InputError, match="kind ucf101 is a folder"):
        split_kind(f"ucf101:{path}")
    with pytest.raises(InputError, match="source not found: https://x/y"):
        split_kind("https://x/y")


def test_every_kind_has_a_name():
    assert set(FILES) | {"folder", "file", "ucf101", "dataset"} == set(KINDS)
