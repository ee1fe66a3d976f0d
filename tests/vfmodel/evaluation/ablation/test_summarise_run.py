import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.ablation.plan_runs import Run
from vfmodel.evaluation.ablation.summarise_run import read_metrics, summarise_run
from vfmodel.unet import SwapUNet

METRICS = """step,perf/step_s,train/loss
10,2.0,0.5
20,4.0,0.4
30,8.0,
40,,0.3
"""


@pytest.fixture
def run(tmp_path, tiny_unet):
    (tmp_path / "fit").mkdir()
    (tmp_path / "fit" / "metrics.csv").write_text(METRICS)
    SwapUNet(tiny_unet).save_pretrained(tmp_path / "fit" / "model" / "unet")
    result = {"format": "vfmodel-evaluation", "schema_version": 1, "figures": []}
    (tmp_path / "result.json").write_text(json.dumps(result))
    return Run(variant="v", seed=3, folder=tmp_path, unet={}, settings={"data": {"batch_size": 4}})


def test_costs_and_result(run, tiny_unet):
    summary = summarise_run(run)
    assert (summary["variant"], summary["seed"]) == ("v", 3)
    cost = summary["cost"]
    assert (cost["step_s"], cost["loss"]) == (4.0, 0.3)
    assert cost["memory_bytes"] > 16 * cost["parameters"]
    assert cost["parameters"] == sum(p.numel() for p in SwapUNet(tiny_unet).parameters())
    assert cost["flops"] > 1e6
    assert summary["result"]["figures"] == []


def test_what_a_step_did_not_leave_is_named(run):
    (run.folder / "result.json").unlink()
    with pytest.raises(InputError, match="no result file"):
        summarise_run(run)
    with pytest.raises(InputError, match="no metrics of a run"):
        read_metrics(run.folder / "none.csv")
    (run.folder / "few.csv").write_text("step,train/loss\n1,0.5\n")
    with pytest.raises(InputError, match=r"few\.csv has no perf/step_s"):
        read_metrics(run.folder / "few.csv")
