"""The chart's bars are as long as the shares."""

import numpy as np
import pytest
from PIL import Image

from vfmodel.study.analyse import analyse_votes
from vfmodel.study.analysis import AnalyseConfig
from vfmodel.study.collect_votes import Collected
from vfmodel.study.draw_chart import draw_chart


def test_each_rival_has_a_bar_of_three_parts(tmp_path, study_tools):
    rng = np.random.default_rng(0)
    votes = study_tools.simulate_votes(rng, (0.8, 0, -0.8))
    analysis = analyse_votes(
        study_tools.make_study(3), Collected(votes=votes), AnalyseConfig(replicates=100)
    )
    path = draw_chart(analysis, tmp_path / "chart.png")
    picture = np.asarray(Image.open(path).convert("RGB")).astype(int)
    colours = [
        np.array(rgb) for rgb in ((0x2F, 0x6F, 0xB3), (0xD9, 0xD6, 0xCF), (0xD9, 0x8C, 0x3F))
    ]
    areas = [(np.abs(picture - colour).max(2) < 8).sum() for colour in colours]
    pairs = [pair for pair in analysis.pairs if pair.first == "m0"]
    expected = [
        np.mean([getattr(pair, part).share for pair in pairs])
        for part in ("wins", "ties", "losses")
    ]
    # Letters and whiskers cover some of it.
    assert np.array(areas) / sum(areas) == pytest.approx(np.array(expected), abs=0.04)


def test_vector_formats_name_the_rivals(tmp_path, study_tools):
    rng = np.random.default_rng(0)
    votes = study_tools.simulate_votes(rng, (0.8, 0))
    analysis = analyse_votes(
        study_tools.make_study(2), Collected(votes=votes), AnalyseConfig(replicates=100)
    )
    text = draw_chart(analysis, tmp_path / "chart.svg").read_text()
    assert "against m1" in text
    assert "text-video correlation" in text
