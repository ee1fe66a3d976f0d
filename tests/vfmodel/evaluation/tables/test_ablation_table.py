"""Rows as the plan has them, cells as the seeds have it."""

import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.tables.ablation_table import (
    build_ablation_table,
    read_ablation,
)


def test_rows_and_columns(ablation):
    summaries = [ablation.summary("addition", s, 10.0 + s) for s in range(3)]
    summaries += [ablation.summary("windows", 0, 8.0)]
    grid = build_ablation_table(ablation.plan, summaries, "ablation")
    assert [name for name, _ in grid.rows] == ["sums", "windows (1 of 3 seeds)"]
    titles = [column.title for column in grid.columns]
    assert titles == [
        "parameters, M",
        "GFLOP a clip",
        "memory, GB",
        "s a step",
        "shapes-FVD",
        "shapes-CLIPSIM",
        "obeyed",
        "motion",
        "direction",
    ]
    cells = dict(zip(titles, grid.rows[0][1], strict=True))
    assert (cells["parameters, M"].text, cells["parameters, M"].digest) == ("3.2000", "")
    assert cells["shapes-FVD"].text == "11.00"
    assert cells["shapes-FVD"].interval == "± 2.4841"  # 4.3027 / sqrt(3)
    assert cells["shapes-FVD"].digest == "0123456789ab"
    assert grid.rows[1][1][titles.index("shapes-FVD")].interval == ""
    assert grid.notes == {"0123456789ab": "shapes@1, 64 videos a run"}


def test_the_watermarked_are_those_who_should_not_be(ablation):
    grid = build_ablation_table(
        ablation.plan, [ablation.summary("stock", 0, 9.0, share=0.25)], "dataset"
    )
    assert grid.columns[-1].title == "watermarked"
    assert grid.rows[0][1][-1].text == "0.7500"
    assert grid.rows[1] == ("both kinds (0 of 3 seeds)", (None,) * 6)


def test_reads_what_is_done(ablation, tmp_path):
    with pytest.raises(InputError, match=r"no ablation\.json"):
        read_ablation(tmp_path)
    (tmp_path / "ablation.json").write_text(json.dumps(ablation.plan))
    with pytest.raises(InputError, match="no run of the ablation"):
        read_ablation(tmp_path)
    done = ablation.summary("windows", 1, 8.0)
    (tmp_path / "windows_s1").mkdir()
    (tmp_path / "windows_s1" / "summary.json").write_text(json.dumps(done))
    (tmp_path / "strange_s1").mkdir()
    assert read_ablation(tmp_path) == (ablation.plan, [done])
    with pytest.raises(InputError, match="no table 'main'"):
        build_ablation_table(ablation.plan, [done], "main")
