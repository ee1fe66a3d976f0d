import re

import pytest

from hdvg.errors import InputError
from hdvg.sources import read_list, read_shapes, read_source, source_folder

SAFE = re.compile(r"[A-Za-z0-9_-]+")


def test_folder_is_read_recursively_in_order(tmp_path):
    for name in ("b.mp4", "a.MKV", "deep/er/c.webm", "notes.txt", "a.jpg", ".hidden.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    videos = read_source(str(tmp_path))
    assert [video.locator for video in videos] == ["a.MKV", "b.mp4", "deep/er/c.webm"]
    assert {video.kind for video in videos} == {"file"}
    assert source_folder(str(tmp_path)) == tmp_path


def test_one_file_is_a_source(tmp_path):
    (tmp_path / "one.mp4").touch()
    [video] = read_source(str(tmp_path / "one.mp4"))
    assert video.locator == "one.mp4"
    assert source_folder(str(tmp_path / "one.mp4")) == tmp_path


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd.mp4", "a b/ü ñ.mp4", "x" * 200 + ".mp4", "....mp4", "-.mp4", "日本.mp4"],
)
def test_ids_are_safe_whatever_the_name(tmp_path, name):
    path = tmp_path / "list.txt"
    path.write_text(f"https://example.org/{name}?a=../..\n")
    [video] = read_list(path)
    assert SAFE.fullmatch(video.video_id)
    assert len(video.video_id) < 60


def test_files_of_one_name_in_two_folders_have_two_ids(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.mp4").touch()
    first, second = read_source(str(tmp_path))
    assert first.video_id != second.video_id


def test_ids_do_not_depend_on_where_the_folder_lies(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.mp4").touch()
    assert read_source(str(tmp_path / "here")) == read_source(str(tmp_path / "there"))


def test_list_of_urls_and_ids(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(
        "# a comment\n\n"
        "dQw4w9WgXcQ\n"
        "https://www.youtube.com/watch?v=-abcdefghi_  # with a comment\n"
        "https://youtu.be/ABCDEFGHIJK\n"
        "https://example.org/page?id=7\n"
        "http://example.org/clip.mp4#t=3\n"
        "dQw4w9WgXcQ\n"
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ\n"
    )
    videos = read_source(str(path))
    youtube = ["dQw4w9WgXcQ", "-abcdefghi_", "ABCDEFGHIJK"]
    assert [v.locator for v in videos if v.kind == "youtube"] == youtube
    assert [v.video_id for v in videos if v.kind == "youtube"] == youtube
    urls = [v.locator for v in videos if v.kind == "url"]
    assert urls == ["https://example.org/page?id=7", "http://example.org/clip.mp4#t=3"]


@pytest.mark.parametrize("line", ["file:///etc/passwd", "ftp://x/y.mp4", "not an id", "http://"])
def test_other_lines_are_named(tmp_path, line):
    path = tmp_path / "list.txt"
    path.write_text(f"dQw4w9WgXcQ\n{line}\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_source(str(path))
    assert line in str(caught.value)


def test_missing_and_empty_sources_are_named(tmp_path):
    with pytest.raises(InputError, match="source not found"):
        read_source(str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="no video files"):
        read_source(str(tmp_path))
    (tmp_path / "list.txt").write_text("# nothing\n")
    with pytest.raises(InputError, match="names no video"):
        read_source(str(tmp_path / "list.txt"))
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(InputError, match="not a text file"):
        read_source(str(tmp_path / "binary.txt"))


def test_names_that_are_not_text_are_refused(tmp_path):
    (tmp_path / "bad\nname.mp4").touch()
    with pytest.raises(InputError, match="bad"):
        read_source(str(tmp_path))


def test_shapes_have_their_own_ids(corpus, truth):
    videos = read_shapes(corpus / "site", "all")
    assert sorted(v.video_id for v in videos) == sorted(row["video_id"] for row in truth.values())
    [web] = read_shapes(corpus / "site", "web")
    assert web.locator == f"watch/{truth['web']['video_id']}.html"
