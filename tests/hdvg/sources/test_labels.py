import pytest

from hdvg.errors import InputError
from hdvg.sources.labels import read_labels


@pytest.mark.parametrize(
    "text",
    [
        'video_id,label\nAAAAAAAAAAA,Music\nBBBBBBBBBBB,"Film, TV"\n',
        'AAAAAAAAAAA,Music\n\nBBBBBBBBBBB,"Film, TV"\n',
        "video_id\tlabel\nAAAAAAAAAAA\tMusic\nBBBBBBBBBBB\tFilm, TV\n",
    ],
)
def test_csv_and_tsv(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_text(text)
    assert read_labels(path) == {"AAAAAAAAAAA": "Music", "BBBBBBBBBBB": "Film, TV"}


@pytest.mark.parametrize("line", ["a", "a,", "a,b,c"])
def test_bad_lines_are_named(tmp_path, line):
    path = tmp_path / "labels.csv"
    path.write_text(f"x,y\n{line}\n")
    with pytest.raises(InputError, match=r"labels\.csv, line 2"):
        read_labels(path)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        read_labels(tmp_path / "nowhere.csv")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"x\.csv"):
        read_labels(tmp_path / "x.csv")
