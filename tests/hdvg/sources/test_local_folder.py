import pytest

from hdvg.errors import InputError
from hdvg.sources.local_folder import read_file, read_folder


def test_folder_is_read_recursively_in_order(tmp_path):
    for name in ("b.mp4", "a.MKV", "deep/er/c.webm", "notes.txt", "a.jpg", ".hidden.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    videos = read_folder(tmp_path)
    assert [video.locator for video in videos] == ["a.MKV", "b.mp4", "deep/er/c.webm"]
    assert {video.kind for video in videos} == {"file"}


def test_files_of_one_name_in_two_folders_have_two_ids():
    assert read_file("a/same.mp4").video_id != read_file("b/same.mp4").video_id


def test_ids_do_not_depend_on_where_the_folder_lies(tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.mp4").touch()
    assert read_folder(tmp_path / "here") == read_folder(tmp_path / "there")


def test_names_that_are_not_text_are_refused(tmp_path):
    (tmp_path / "bad\nname.mp4").touch()
    with pytest.raises(InputError, match="bad"):
        read_folder(tmp_path)
