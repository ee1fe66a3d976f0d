import json
import re

import pytest

from hdvg.__main__ import main
from hdvg.manifest import read_table
from hdvg.scratch import hold


def call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["purge", *map(str, arguments)])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_it_takes_down_and_keeps_the_reason(capsys, tmp_path, write_small_dataset):
    storage = write_small_dataset(tmp_path / "data")
    asked = ("--video=aa", "--channel=ch", "--reason=a letter", "--json")
    code, out, err = call(capsys, tmp_path / "data", *asked)
    assert (code, err) == (0, "")
    assert json.loads(out) == {"videos": ["aa", "dd", "ee"], "num_clips": 6, "num_units": 2}
    rows = read_table(storage, "tombstones", "tombstones.parquet").to_pylist()
    assert {row["reason"] for row in rows} == {"a letter"}
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", r["purged_at"]) for r in rows)


def test_mistakes_are_one_line_and_change_nothing(capsys, tmp_path, write_small_dataset):
    write_small_dataset(tmp_path / "data")
    code, _, err = call(capsys, tmp_path / "data")
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = call(capsys, tmp_path / "data", "--video", "aa", "no-such")
    assert (code, err.count("\n")) == (2, 1)
    assert "no-such" in err
    with hold(tmp_path / "data", keep="dataset.json"):
        code, _, err = call(capsys, tmp_path / "data", "--video", "aa")
    assert (code, err.count("\n")) == (2, 1)
    assert "another process" in err
    assert not (tmp_path / "data/tombstones.parquet").exists()
