"""The benchmark on tiny frames, with an oracle that computes all by our own network."""

import json

import pytest
import torch
from benchmarks import upscale_speed as bench

from vfsr.rcan import RCAN, RCANConfig


class Mirror:
    """Gives the frames of `model`, and says that a frame took a second."""

    model: RCAN

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def ask(self, do, seed=0, *, settings=None, **arrays):
        if do == "build_network":
            return {}, 0.0
        with torch.no_grad():
            return {"images": self.model(arrays["images"])}, 1.0


@pytest.fixture(autouse=True)
def small(monkeypatch):
    threads = torch.get_num_threads()
    torch.manual_seed(0)
    Mirror.model = RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4)).eval()
    monkeypatch.setattr(bench, "HEIGHT", 16)
    monkeypatch.setattr(bench, "WIDTH", 24)
    monkeypatch.setattr(bench, "FILM_FRAMES", 2)
    monkeypatch.setattr(bench, "is_built", lambda: True)
    monkeypatch.setattr(bench, "Oracle", Mirror)
    monkeypatch.setattr(bench, "load_rcan", lambda: Mirror.model)
    monkeypatch.setattr(bench, "peak_gflops", lambda: 100.0)
    yield
    torch.set_num_threads(threads)


def test_it_prints_and_writes_every_way(tmp_path, capsys):
    path = tmp_path / "rows.json"
    bench.main(["--rounds", "1", "--json", str(path)])
    written = json.loads(path.read_text())
    assert [row["way"] for row in written["rows"]] == [
        "BasicSR", "RRDBNet x4plus", "SRVGG", "forward", "float32", "direct, float32",
        "bfloat16", "direct, bfloat16", "with memory"
    ]  # fmt: skip
    for row in written["rows"]:
        assert row["times_basicsr"] == pytest.approx(1 / row["cpu_s"])
    assert len(written["end_to_end"]) == 2
    assert "same frame" in capsys.readouterr().out


def test_another_frame_than_basicsrs_ends_it(monkeypatch, capsys):
    other = RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4)).eval()
    torch.nn.init.normal_(other.tail[1].weight)
    monkeypatch.setattr(bench, "load_rcan", lambda: other)
    assert bench.main(["--rounds", "1"]) == 1
    assert "differs from BasicSR's" in capsys.readouterr().out
