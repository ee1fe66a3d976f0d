import json

import pytest

from hdvg.__main__ import main

ID = "dQw4w9WgXcQ"
UNIT = {
    "videos": [{"video_id": ID, "locator": ID, "status": "ok"}],
    "clips": [{"clip_id": f"{ID}_000000000_000001000", "video_id": ID}],
    "captions.alt_text": [],
}


def _call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["export", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_it_says_what_it_wrote(capsys, write_tables, tmp_path):
    data = write_tables(tmp_path / "d", {"u00000": UNIT}).root
    options = [data, f"--out={tmp_path}/o", "--format=hdvg130m"]
    code, out, err = _call(capsys, *options)
    assert (code, err) == (0, "")
    assert out == f"{tmp_path}/o: 1 videos, 1 clips, 0 clips without url\n"
    found = json.loads(_call(capsys, *options, "--json")[1])
    assert found["clips"] == 1


def test_mistakes_are_one_line(capsys, tmp_path):
    code, _, err = _call(capsys, str(tmp_path), f"--out={tmp_path}/o")
    assert (code, err.count("\n")) == (2, 1)
    assert "not a dataset" in err
