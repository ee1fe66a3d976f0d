"""Prompts from a list and from text files, and what is wrong with a folder."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.study.find_videos import Case, find_videos


def touch(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_a_list_names_files_in_folders_and_several_of_one_prompt(tmp_path):
    touch(tmp_path, "a/0.mp4", "a/1.mp4", "b.webm", "unlisted.mp4")
    (tmp_path / "prompts.json").write_text(
        json.dumps({"b.webm": "a  cat\n", "a/1.mp4": "a dog", "a/0.mp4": "a dog"})
    )
    found = find_videos("m", tmp_path)
    assert found.files == {
        Case("a dog", 0): tmp_path / "a/0.mp4",
        Case("a dog", 1): tmp_path / "a/1.mp4",
        Case("a cat", 0): tmp_path / "b.webm",
    }
    assert found.lost == {}


def test_a_missing_file_is_named_and_keeps_its_number(tmp_path):
    touch(tmp_path, "1.mp4")
    (tmp_path / "prompts.json").write_text(json.dumps({"0.mp4": "a dog", "1.mp4": "a dog"}))
    found = find_videos("m", tmp_path)
    assert found.files == {Case("a dog", 1): tmp_path / "1.mp4"}
    assert found.lost == {"missing": ["0.mp4"]}


def test_text_files_beside_the_videos(tmp_path):
    touch(tmp_path, "0.mp4", "sub/1.MP4", "2.mp4", "3.mp4", ".hidden.mp4", "notes.pdf")
    (tmp_path / "0.txt").write_text("a cat\n")
    (tmp_path / "sub/1.txt").write_text("a dog")
    (tmp_path / "3.txt").write_bytes(b"\xff\xfe\x00")
    found = find_videos("m", tmp_path)
    assert {case.prompt: path.name for case, path in found.files.items()} == {
        "a cat": "0.mp4",
        "a dog": "1.MP4",
    }
    assert found.lost == {"without a prompt": ["2.mp4", "3.mp4"]}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("[1]", "must be an object"),
        ("{", "cannot read"),
        ('{"../x.mp4": "a"}', r"outside of its folder: \.\./x\.mp4"),
        ('{"/x.mp4": "a"}', "outside of its folder: /x.mp4"),
        ('{"x.mp4": " "}', "no prompt for x.mp4"),
        ('{"x.mp4": 3}', "no prompt for x.mp4: 3"),
        ('{"x.mp4": "a"}', "no videos with prompts for m"),
    ],
)
def test_a_bad_list_is_refused_by_name(tmp_path, content, named):
    (tmp_path / "prompts.json").write_text(content)
    with pytest.raises(InputError, match=named):
        find_videos("m", tmp_path)


def test_no_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no such folder of videos for m: .*nowhere"):
        find_videos("m", tmp_path / "nowhere")
