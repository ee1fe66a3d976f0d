"""Differences against scipy's paired test, and which runs count."""

import pytest
from scipy import stats

from vfmodel.evaluation.tables.ablation_differences import build_difference_table


def test_what_seeds_do_to_all_alike_drops_out(ablation):
    sums, windows = [1010.0, 890.0, 1200.0], [1000.0, 885.0, 1182.0]
    summaries = [ablation.summary("addition", s, value) for s, value in enumerate(sums)]
    summaries += [ablation.summary("windows", s, value) for s, value in enumerate(windows)]
    grid = build_difference_table(ablation.plan, summaries, "ablation")
    assert "Difference from sums, seed by seed" in grid.caption
    [(name, cells)] = grid.rows
    assert name == "windows"
    low, high = stats.ttest_rel(windows, sums).confidence_interval(0.95)
    told = [float(part) for part in (cells[0].text, cells[0].interval.removeprefix("± "))]
    assert told == pytest.approx([(low + high) / 2, (high - low) / 2], rel=1e-3)
    titles = [column.title for column in grid.columns]
    assert titles == ["shapes-FVD", "shapes-CLIPSIM", "obeyed", "motion", "direction"]


def test_a_gain_has_its_sign_and_seeds_without_a_partner_do_not_count(ablation):
    summaries = [
        ablation.summary("addition", 1, 10.0),
        ablation.summary("addition", 2, 50.0),
        ablation.summary("windows", 0, 99.0),
        ablation.summary("windows", 1, 12.5),
    ]
    grid = build_difference_table(ablation.plan, summaries, "ablation")
    [(_, cells)] = grid.rows
    assert cells[0].text == "+2.5000"
    assert cells[0].interval == ""


def test_no_common_seed_leaves_the_cells_empty(ablation):
    summaries = [ablation.summary("addition", 1, 10.0), ablation.summary("windows", 0, 99.0)]
    grid = build_difference_table(ablation.plan, summaries, "ablation")
    assert grid.rows == (("windows (1 of 3 seeds)", (None,) * 5),)
