"""The simulated truth is one half, and the benchmark says how often each way held it."""

import json

import numpy as np
from benchmarks import study_intervals as bench


def test_votes_are_even_and_as_dependent_as_asked():
    rng = np.random.default_rng(0)
    alone = [bench.draw_votes(rng, 0.0).mean() for _ in range(200)]
    together = [bench.draw_votes(rng, 1.0).mean() for _ in range(200)]
    assert abs(np.mean(together) - 0.5) < 0.02
    count = bench.PROMPTS * bench.RATERS
    assert np.std(alone) < 1.3 * np.sqrt(0.25 / count)
    assert np.std(together) > 2 * np.sqrt(0.25 / count)


def test_the_figures_are_printed_and_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bench, "STUDIES", 20)
    monkeypatch.setattr("sys.argv", ["study_intervals", "--json", str(tmp_path / "f.json")])
    bench.main()
    found = json.loads((tmp_path / "f.json").read_text())
    assert set(found) == {"spread 0", "spread 1"}
    assert found["spread 1"]["independent"] < found["spread 1"]["clustered"]
    assert capsys.readouterr().out.count("clustered") == 2
