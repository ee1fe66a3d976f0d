"""Means over seeds against scipy's interval, and rows as the plan has them."""

import json

import numpy as np
import pytest
from scipy import stats

from hdvg.errors import InputError
from vfmodel.evaluation.tables.ablation_table import (
    build_ablation_table,
    mean_over_seeds,
    read_ablation,
)

PLAN = {
    "seeds": [0, 1, 2],
    "variants": {"addition": {}, "windows": {}, "stock": {}},
    "titles": {"addition": "sums"},
    "tables": {"ablation": ["addition", "windows"], "dataset": ["stock", "windows"]},
}


def summary(variant, seed, fvd, share=0.5):
    attributes = {
        name: {"share": share} for name in ("everything", "motion", "watermark", "colour")
    }
    figures = [
        {"name": "shapes-FVD", "value": fvd, "details": {}},
        {"name": "shapes-CLIPSIM", "value": 0.25, "details": {}},
        {"name": "prompt accuracy", "value": share, "details": {"shares": {"all": attributes}}},
    ]
    protocol = {"digest": "0123456789ab", "label": "shapes@1:0123456789ab"}
    cost = {"parameters": 3.2e6, "flops": 5e9, "step_s": 0.5, "memory_bytes": 1.5e9, "loss": 0.1}
    result = {"figures": figures, "protocol": protocol, "videos": {"scored": 64}}
    return {"variant": variant, "seed": seed, "cost": cost, "result": result}


def test_intervals_are_students():
    values = [3.0, 4.5, 5.5, 4.1]
    mean, reach = mean_over_seeds(values)
    want = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (mean - reach, mean + reach) == pytest.approx(want)
    assert mean_over_seeds([2.0]) == (2.0, None)


def test_rows_and_columns():
    summaries = [summary("addition", s, 10.0 + s) for s in range(3)]
    summaries += [summary("windows", 0, 8.0)]
    grid = build_ablation_table(PLAN, summaries, "ablation")
    assert [name for name, _ in grid.rows] == ["sums", "windows (1 seeds)"]
    titles = [column.title for column in grid.columns]
    assert titles == [
        "parameters, M",
        "GFLOP a clip",
        "memory, GB",
        "s a step",
        "shapes-FVD",
        "shapes-CLIPSIM",
        "obeyed",
        "direction",
    ]
    cells = dict(zip(titles, grid.rows[0][1], strict=True))
    assert (cells["parameters, M"].text, cells["parameters, M"].digest) == ("3.2000", "")
    assert cells["shapes-FVD"].text == "11.00"
    assert cells["shapes-FVD"].interval == "± 2.4841"  # 4.3027 / sqrt(3)
    assert cells["shapes-FVD"].digest == "0123456789ab"
    assert grid.rows[1][1][titles.index("shapes-FVD")].interval == ""
    assert grid.notes == {"0123456789ab": "shapes@1, 64 videos a run"}


def test_the_watermarked_are_those_who_should_not_be():
    grid = build_ablation_table(PLAN, [summary("stock", 0, 9.0, share=0.25)], "dataset")
    assert grid.columns[-1].title == "watermarked"
    assert grid.rows[0][1][-1].text == "0.7500"
    assert grid.rows[1] == ("windows (0 seeds)", (None,) * 5)


def test_reads_what_is_done(tmp_path):
    with pytest.raises(InputError, match=r"no ablation\.json"):
        read_ablation(tmp_path)
    (tmp_path / "ablation.json").write_text(json.dumps(PLAN))
    with pytest.raises(InputError, match="no run of the ablation"):
        read_ablation(tmp_path)
    done = summary("windows", 1, 8.0)
    (tmp_path / "windows_s1").mkdir()
    (tmp_path / "windows_s1" / "summary.json").write_text(json.dumps(done))
    (tmp_path / "strange_s1").mkdir()
    assert read_ablation(tmp_path) == (PLAN, [done])
    with pytest.raises(InputError, match="no table 'main'"):
        build_ablation_table(PLAN, [done], "main")
