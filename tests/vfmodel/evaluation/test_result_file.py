import json

import pytest

from hdvg.errors import InputError
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.result_file import build_result, read_result, write_result

FIGURE = MetricResult(name="FVD", value=float("nan"), num_samples=3, higher_is_better=False)


def build(scored=3, used=2):
    return build_result(
        model="ours",
        protocol=find_protocol("shapes"),
        figures=[FIGURE],
        counts={"asked": 3, "scored": scored},
        real={"asked": 2, "used": used},
        made_with={"steps": 25},
    )


def test_a_file_is_read_as_it_was_written(tmp_path):
    path = write_result(tmp_path / "new" / "result.json", build())
    found = read_result(path)
    protocol = find_protocol("shapes")
    assert found["protocol"]["digest"] == protocol.digest
    assert found["protocol"]["prompts"]["num_samples"] == 200
    assert [figure["protocol"] for figure in found["figures"]] == [protocol.label]
    assert found["figures"][0]["value"] is None
    assert found["environment"]["torch"]
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize(
    ("scored", "used", "complete"), [(3, 2, True), (2, 2, False), (3, 1, False)]
)
def test_complete_is_all_of_both(scored, used, complete):
    assert build(scored, used)["complete"] is complete


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "result.json"
    with pytest.raises(InputError, match=r"no result file: .*result\.json"):
        read_result(path)
    path.write_text("[]")
    with pytest.raises(InputError, match="no result of `vfmodel evaluate`"):
        read_result(path)
    path.write_text(json.dumps({"format": "vfmodel-evaluation", "schema_version": 9}))
    with pytest.raises(InputError, match="schema version 9, not 1"):
        read_result(path)
