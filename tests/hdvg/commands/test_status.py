import json

import pytest

from hdvg.__main__ import main


def test_it_says_how_far_a_dataset_is(capsys, tmp_path, write_small_dataset):
    write_small_dataset(tmp_path / "data")
    with pytest.raises(SystemExit) as stopped:
        main(["status", str(tmp_path / "data")])
    assert stopped.value.code == 0
    assert "build with --retry transient" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["status", str(tmp_path / "data"), "--json"])
    assert json.loads(capsys.readouterr().out)["num_clips"] == 8
