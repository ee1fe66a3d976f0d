import pytest

from hdvg.errors import InputError
from hdvg.sources.url_list import read_list


def test_list_of_urls_and_ids(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(
        "# a comment\n\n"
        "dQw4w9WgXcQ\n"
        "https://www.youtube.com/watch?v=-abcdefghi_  # with a comment\n"
        "https://example.org/page?id=7\n"
        "http://example.org/clip.mp4#t=3\n"
    )
    assert [video.locator for video in read_list(path)] == [
        "dQw4w9WgXcQ",
        "-abcdefghi_",
        "https://example.org/page?id=7",
        "http://example.org/clip.mp4#t=3",
    ]


@pytest.mark.parametrize("line", ["file:///etc/passwd", "ftp://x/y.mp4", "not an id", "http://"])
def test_other_lines_are_named(tmp_path, line):
    path = tmp_path / "list.txt"
    path.write_text(f"dQw4w9WgXcQ\n{line}\n")
    with pytest.raises(InputError, match="line 2") as caught:
        list(read_list(path))
    assert line in str(caught.value)


def test_a_file_that_is_not_text_is_named(tmp_path):
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x80")
    with pytest.raises(InputError, match=r"binary\.txt, line 1: not UTF-8"):
        list(read_list(tmp_path / "binary.txt"))
