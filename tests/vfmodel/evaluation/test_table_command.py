import json

import pytest

from hdvg.errors import InputError
from vfmodel.__main__ import main
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.metric_result import MetricResult
from vfmodel.evaluation.result_file import build_result, write_result
from vfmodel.evaluation.table_command import parse_words


@pytest.fixture
def result(tmp_path):
    figure = MetricResult(
        name="FVD", value=432.1, low=400.0, high=460.0, num_samples=9, higher_is_better=False
    )
    content = build_result(
        model="ours",
        protocol=find_protocol("ucf101_videofactory"),
        figures=[figure],
        counts={"asked": 9, "scored": 9},
        real={"asked": 9, "used": 9},
        made_with={},
    )
    return write_result(tmp_path / "ours" / "result.json", content)


def test_words():
    config, _ = parse_words(["main", "a", "b.json", "--out", "t", "--published", "none"])
    assert (config.kind, config.results, config.out) == ("main", ["a", "b.json"], "t")
    with pytest.raises(InputError, match="no such table: 'big'"):
        parse_words(["big", "a"])
    with pytest.raises(InputError, match="takes the one folder of an ablation"):
        parse_words(["ablation", "a", "b"])


def test_both_files_are_written_and_one_is_printed(result, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["table", "main", str(result.parent), "--out", str(tmp_path / "tables")])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert printed == (tmp_path / "tables" / "main.md").read_text()
    digest = find_protocol("ucf101_videofactory").digest
    assert f"| ours | 432.1 [400.0, 460.0] `{digest}` |" in printed
    assert "VideoFactory (published)" in printed
    assert r"\begin{tabular}" in (tmp_path / "tables" / "main.tex").read_text()


def test_only_own_figures(result, tmp_path, capsys):
    words = ["table", "main", str(result), f"--out={tmp_path}", "--published=none", "--json"]
    with pytest.raises(SystemExit):
        main(words)
    files = json.loads(capsys.readouterr().out)["files"]
    assert files == [str(tmp_path / "main.md"), str(tmp_path / "main.tex")]
    assert "published" not in (tmp_path / "main.md").read_text()


def test_no_result_is_one_line(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["table", "main", str(tmp_path / "gone.json"), f"--out={tmp_path}"])
    assert stopped.value.code == 2
    assert "no result file" in capsys.readouterr().err


def test_an_ablation_is_drawn_too(tmp_path, capsys):
    plan = {"seeds": [0], "variants": {"a": {}}, "tables": {"ablation": {"a": "A"}}}
    protocol = {"digest": "0123456789ab", "label": "shapes@1:0123456789ab"}
    cost = {"parameters": 1.0, "flops": 1.0, "step_s": 1.0, "memory_bytes": 1.0, "loss": 1.0}
    result = {"figures": [], "protocol": protocol, "videos": {"scored": 2}}
    (tmp_path / "a_s0").mkdir()
    (tmp_path / "ablation.json").write_text(json.dumps(plan))
    summary = {"variant": "a", "seed": 0, "cost": cost, "result": result}
    (tmp_path / "a_s0" / "summary.json").write_text(json.dumps(summary))
    with pytest.raises(SystemExit) as stopped:
        main(["table", "ablation", str(tmp_path), f"--out={tmp_path / 'tables'}", "--json"])
    assert stopped.value.code == 0
    files = json.loads(capsys.readouterr().out)["files"]
    assert [name.rsplit(".")[-1] for name in files] == ["md", "tex", "png", "svg"]
    assert sorted(path.name for path in (tmp_path / "tables").iterdir()) == sorted(
        name.rsplit("/")[-1] for name in files
    )
