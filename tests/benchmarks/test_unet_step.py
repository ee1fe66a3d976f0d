import json
import subprocess
import sys

import pytest
from benchmarks.unet_step import TOKENS, count_flops, main
from benchmarks.unets_to_compare import SIZES, Size

from vfmodel.step_cost import count_step_flops
from vfmodel.unet import SwapUNet
from vfmodel.unet_config import SwapUNetConfig

TINY = Size(
    SwapUNetConfig(
        channels=(8, 16),
        num_heads=(1, 2),
        attention_levels=(True, False),
        text_dim=6,
        norm_groups=4,
        window=(2, 3, 4),
        sample_height=5,
        sample_width=6,
        num_frames=3,
    ),
    batch=2,
)


def test_it_runs_and_writes_its_rows(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(SIZES, "mini", TINY)
    path = tmp_path / "rows.json"
    given = ["--sizes", "mini", "--precisions", "bf16", "--rounds", "1", "--json", str(path)]
    assert main(given) == 0
    rows = json.loads(path.read_text())
    assert len(rows) == 7
    assert all(row["times_reference"] == 1 for row in rows if row["network"] == "UNet3D")
    assert not any(row["saving"] for row in rows if row["network"] == "UNet3D")
    assert all(row["forward_s"] > 0 and row["step_s"] > 0 for row in rows)
    assert "ours, Swap-CA, saving" in capsys.readouterr().out


# 48 MB of weights, as much again of gradients, and 32 MB that one step goes through. A process of
# its own, as the benchmark is: what other tests have freed would serve the step.
PEAK = """
import torch
from benchmarks import unet_step

class Holds(torch.nn.Module):
    def __init__(self, *_):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(12_000_000))

    def forward(self, latents, *_, return_dict):
        torch.ones(8_000_000).sum()
        return (latents + self.weight.sum(),)

unet_step.NETWORKS["holds"] = Holds
print(unet_step.measure_peak("holds", unet_step.SIZES["mini"], "float32", "cpu", saving=False))
"""


def test_the_peak_is_that_of_one_step():
    command = [sys.executable, "-c", PEAK]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 80 < float(done.stdout) < 140


def test_flops_are_those_that_training_counts():
    unet = SwapUNet(TINY.config)
    _, *latents = TINY.latents
    once = count_step_flops(unet, tuple(latents), TOKENS, still=False)
    # Products over the batch grow with it; the embedding of three frames alone does not.
    assert count_flops("ours, Swap-CA", TINY) == pytest.approx(2 * once, rel=0.01)
