import json

import pytest

from hdvg.__main__ import main


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["verify", *map(str, arguments)])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_a_sound_dataset_ends_with_0(capsys, tmp_path, write_small_dataset):
    write_small_dataset(tmp_path / "data")
    code, out, err = call(capsys, tmp_path / "data", "--sample=0", "--deep")
    assert (code, err) == (0, "")
    assert out == f"{tmp_path / 'data'}: in order: 2 units, 5 videos, 8 clips, 0 of them decoded\n"


def test_damage_ends_with_1_and_a_line_each(capsys, tmp_path, write_small_dataset):
    write_small_dataset(tmp_path / "data").remove("media/u00000.tar")
    code, out, err = call(capsys, tmp_path / "data", "--sample=0")
    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "media/u00000.tar: missing"
    assert "1 findings" in out
    code, out, _ = call(capsys, tmp_path / "data", "--sample=0", "--json")
    assert (code, json.loads(out)["damage"]) == (1, ["media/u00000.tar: missing"])


def test_mistakes_end_with_2(capsys, tmp_path, write_small_dataset):
    assert call(capsys, tmp_path / "nowhere")[0] == 2
    write_small_dataset(tmp_path / "data")
    code, out, err = call(capsys, tmp_path / "data", "--sample=-1")
    assert (code, out, err) == (2, "", "error: sample must not be negative, got -1\n")
