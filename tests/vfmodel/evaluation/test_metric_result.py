import json
import math

from vfmodel.evaluation.metric_result import MetricResult


def test_it_survives_json():
    result = MetricResult(
        name="FVD",
        value=410.0,
        low=400.5,
        high=math.inf,
        num_samples=10100,
        higher_is_better=False,
        details={"size": (224, 224), "at": [{"n": 1, "value": math.nan}]},
    )
    assert json.loads(json.dumps(result.to_json(), allow_nan=False)) == {
        "name": "FVD",
        "value": 410.0,
        "low": 400.5,
        "high": None,
        "num_samples": 10100,
        "higher_is_better": False,
        "unit": "",
        "details": {"size": [224, 224], "at": [{"n": 1, "value": None}]},
    }
