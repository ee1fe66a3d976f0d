import json

from benchmarks import swap_attention
from benchmarks.swap_attention import main
from benchmarks.window_attention_ways import Case, attend_globally

TINY = Case(0, 2, (5, 3, 4), 8, 2, (4, 2, 3))


def test_it_runs_and_writes_its_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(swap_attention, "paper_case", lambda level, shifted: TINY)
    path = tmp_path / "rows.json"
    assert main(["--levels", "0", "--rounds", "1", "--no-flex", "--json", str(path)]) == 0
    rows = json.loads(path.read_text())
    assert {row["way"] for row in rows} == {"ours", "pad and mask"}
    assert all(row["times_ours"] == 1 for row in rows if row["way"] == "ours")
    assert "all cases, forward and backward" in capsys.readouterr().out


def test_a_way_that_disagrees_ends_the_run(monkeypatch, capsys):
    monkeypatch.setattr(swap_attention, "paper_case", lambda level, shifted: TINY)
    monkeypatch.setitem(swap_attention.WAYS, "pad and mask", attend_globally)
    assert main(["--levels", "0", "--rounds", "1", "--no-flex"]) == 1
    assert "pad and mask disagrees with ours" in capsys.readouterr().out
