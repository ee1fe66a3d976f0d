import json

import pytest

from hdvg.errors import InputError
from hdvg.sources.read_source import read_source
from hdvg.sources.sample import SampleConfig

ALL = SampleConfig()


def _ids(source, **options):
    return [video.video_id for video in read_source(str(source), ALL, **options).found.videos]


def test_a_folder_and_a_file(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep/one.mp4").touch()
    found = read_source(str(tmp_path), ALL)
    assert [video.locator for video in found.found.videos] == ["deep/one.mp4"]
    assert found.folder == tmp_path
    one = read_source(str(tmp_path / "deep/one.mp4"), ALL)
    assert [video.locator for video in one.found.videos] == ["one.mp4"]
    assert one.folder == tmp_path / "deep"


def test_a_video_named_twice_is_one(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("dQw4w9WgXcQ\nhttps://youtu.be/dQw4w9WgXcQ\nABCDEFGHIJK\n")
    assert _ids(path) == ["dQw4w9WgXcQ", "ABCDEFGHIJK"]


def test_lists_of_every_format_are_read(tmp_path):
    clip = {"clip_id": "AAAAAAAAAAA.0.mp4", "span": ["00:00:01", "00:00:02"]}
    row = {"video_id": "AAAAAAAAAAA", "url": "https://youtu.be/AAAAAAAAAAA", "clip": [clip]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\nbroken\n")
    found = read_source(str(tmp_path / "a.jsonl"), ALL, spans="cut").found
    assert [len(video.spans) for video in found.videos] == [1]
    assert found.skipped == {"not JSON": 1}
    (tmp_path / "w.csv").write_text(
        "videoid,contentUrl,duration,page_dir,name\n7,http://a.example/7.mp4,PT1S,d,a ball\n"
    )
    [video] = read_source(f"webvid:{tmp_path}/w.csv", ALL).found.videos
    assert video.spans[0].caption == "a ball"


def test_nothing_usable_is_named(tmp_path):
    with pytest.raises(InputError, match="source not found"):
        _ids(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no video files"):
        _ids(tmp_path)
    (tmp_path / "list.txt").write_text("# nothing\n")
    with pytest.raises(InputError, match="names no video"):
        _ids(tmp_path / "list.txt")
    (tmp_path / "x.jsonl").write_text("{}\n{\n")
    with pytest.raises(InputError, match="none of 2 rows is usable as hdvila; line 1"):
        _ids(f"hdvila:{tmp_path}/x.jsonl")


def test_cutting_needs_spans(tmp_path):
    (tmp_path / "list.txt").write_text("dQw4w9WgXcQ\n")
    with pytest.raises(InputError, match="names none"):
        _ids(tmp_path / "list.txt", spans="cut")
