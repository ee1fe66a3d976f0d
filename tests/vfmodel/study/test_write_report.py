"""JSON and Markdown say what the analysis found."""

import json

import numpy as np
import pytest

from hdvg.errors import InputError
from vfmodel.study.analyse import analyse_votes
from vfmodel.study.analysis import AnalyseConfig
from vfmodel.study.collect_votes import Collected
from vfmodel.study.write_report import as_markdown, write_report


@pytest.fixture
def analysis(study_tools):
    votes = study_tools.simulate_votes(np.random.default_rng(0), (0.8, 0, -0.8))
    collected = Collected(
        votes=votes, raters=10, inattentive=2, skipped=1, repeated=1, bad_files=["x|y is bad"]
    )
    return analyse_votes(study_tools.make_study(3), collected, AnalyseConfig(replicates=100))


def test_three_files_are_written(analysis, tmp_path):
    written = write_report(analysis, tmp_path / "new/out")
    assert [path.name for path in written] == ["analysis.json", "analysis.md", "preferences.png"]
    content = json.loads(written[0].read_text())
    assert content["collected"]["votes"] == 600
    assert len(content["pairs"]) == 9
    pair = content["pairs"][0]
    assert pair["wins"]["hits"] + pair["ties"]["hits"] + pair["losses"]["hits"] == 200
    assert set(content["strengths"]) == {"quality", "text", "overall"}
    assert content["settings"] == {"min_checks_passed": 0.75, "replicates": 100, "seed": 0}


def test_the_tables_hold_the_figures(analysis):
    text = as_markdown(analysis)
    pair = analysis.pairs[0]
    assert f"| m0 / m1 | 200 | {100 * pair.wins.share:.1f} % [" in text
    assert "left out for failing more than allowed: 2 raters" in text
    assert "not usable: x\\|y is bad" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 3 * (2 + 3 + 2 + 3)
    strongest = text.split("| model | strength |")[1].splitlines()[2]
    assert strongest.startswith("| m0 | 0.")


def test_a_folder_that_cannot_be_written_is_named(analysis, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="cannot write into"):
        write_report(analysis, tmp_path / "file/out")
