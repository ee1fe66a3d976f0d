import json

import pytest

from hdvg.__main__ import main

UNIT = {
    "videos": [{"video_id": "v"}],
    "clips": [
        {"clip_id": name, "video_id": "v", "end_s": 3600.0, "height": height}
        for name, height in [("a", 720), ("b", 360), ("c", 1080), ("d", 240)]
    ],
}


@pytest.fixture
def data(write_tables, tmp_path):
    return write_tables(tmp_path / "d", {"u": UNIT}).root


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["select", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_it_counts_and_saves(capsys, data):
    code, out, err = call(capsys, data, "height >= 720")
    assert (code, err) == (0, "")
    assert out == "2 of 4 clips (50.0%), 2.00 h: height >= 720\n"
    assert call(capsys, data, "height >= 720", "--name=hq")[1].startswith("saved as 'hq': 2 of 4")
    found = json.loads(call(capsys, data, "hq", "--json")[1])
    assert (found["num_clips"], found["expression"]) == (2, "height >= 720")


def test_it_lists_what_there_is_and_why_one_cannot_be_applied(capsys, data):
    call(capsys, data, "height >= 720", "--name=hq")
    code, out, _ = call(capsys, data)
    assert code == 0
    assert "hq: 2 of 4 clips" in out
    assert "hd_vg: 'watermark' is not known yet" in out
    listed = json.loads(call(capsys, data, "--json")[1])["selections"]
    assert [entry["name"] for entry in listed] == ["hd_vg", "hq"]


def test_options_may_stand_in_a_file(capsys, data, tmp_path):
    path = tmp_path / "select.yaml"
    path.write_text("expression: height >= 1080\nname: full\n")
    assert "saved as 'full': 1 of 4" in call(capsys, data, "--config", str(path))[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["heigth > 3"], "heigth"),
        (["height > "], "not an expression"),
        (["--name=x"], "needs an expression"),
        (["height > 3", "--name=a b"], "'a b'"),
        (["hp"], "no selection 'hp'"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(capsys, data, arguments, words, tmp_path):
    code, out, err = call(capsys, data, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err
    assert not (tmp_path / "d/selections").exists()
    assert call(capsys, str(tmp_path / "nowhere"), *arguments)[0] == 2
