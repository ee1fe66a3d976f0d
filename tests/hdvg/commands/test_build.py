import json

import pytest

from hdvg.__main__ import main
from hdvg.build import BuildSummary
from hdvg.commands.build import format_summary


def _summary():
    return BuildSummary(
        num_videos=5,
        num_ok=2,
        num_clips=0,
        failures={"content/static": 1, "corrupt/probe_failed": 2},
        skipped_rows={"no URL": 4},
        unmet_quotas={"Music": 7},
        num_retried=3,
        num_recovered=1,
        units_before=1,
        units_made=2,
        wall_s=3.2,
    )


def test_summary_names_every_failure():
    lines = format_summary(_summary(), "data/x").splitlines()
    assert lines[0].startswith("data/x: 0 clips from 2 of 5 videos in 3 s")
    assert lines[1:3] == ["  failed:    1 content/static", "  failed:    2 corrupt/probe_failed"]
    assert lines[3] == "  tried again: 3 failed videos, 1 of them are ok now"
    assert lines[4] == "  rows of the source not read:    4 no URL"
    assert lines[5] == "  missing for a quota:    7 of 'Music'"
    assert "fail_message" in lines[6]


def test_the_summary_is_one_object_for_a_program(monkeypatch, capsys):
    monkeypatch.setattr("hdvg.build.build", lambda config: _summary())
    with pytest.raises(SystemExit) as stopped:
        main(["build", "--source=x", "--data=y", "--json"])
    out, err = capsys.readouterr()
    assert (stopped.value.code, err, out.count("\n")) == (0, "", 1)
    assert json.loads(out)["failures"] == {"content/static": 1, "corrupt/probe_failed": 2}
