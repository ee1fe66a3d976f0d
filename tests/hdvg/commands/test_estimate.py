import json
import shutil

import pytest

from hdvg.__main__ import main
from hdvg.commands.estimate import format_estimate
from hdvg.estimate import EstimateConfig, estimate
from hdvg.try_videos import Trial


def _call(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["estimate", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def test_a_folder_is_estimated_and_no_dataset_written(capsys, media, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("web", "small"):
        shutil.copy(media[name], tmp_path / "in" / f"{name}.mp4")
    options = ["--source=in", "--filter.min_height=128", "--scan.min_scene_s=0.5", "--json"]
    code, out, _ = _call(capsys, *options, "--num_trials=2")
    assert code == 0
    found = json.loads(out)
    assert (found["num_videos"], found["num_tried"]) == (2, 2)
    assert found["success"]["value"] == 0.5
    assert found["failures"] == {"content/low_resolution": 1}
    assert found["assumed"]["num_trials"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_the_table_says_what_a_person_asks():
    trial = Trial(
        failure="",
        requests=1,
        fetched_bytes=10**8,
        source_s=60.0,
        clips=3,
        clips_s=30.0,
        stored_bytes=10**7,
        cpu_s=9.0,
    )
    how = EstimateConfig(workers=4, requests_per_hour=300.0)
    text = format_estimate(estimate([trial] * 4, 3000, how), how)
    assert "3000 videos, 4 of them tried" in text
    assert "100%  (51% to 100%)" in text  # Wilson's interval of 4 of 4
    assert "download, GB" in text
    assert "limited by requests" in text
    assert "hours to wait                10  (10 to 10)" in text


def test_mistakes_are_one_line(capsys):
    code, _, err = _call(capsys, "--source=nowhere", "--num_trials=1")
    assert (code, err.count("\n")) == (2, 1)
    assert "num_trials" in err
