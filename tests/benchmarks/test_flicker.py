import json
import math

import pytest
import torch
from benchmarks import flicker as bench
from benchmarks.flicker import Clip, flicker, leaves_clip, main, psnr, shapes_clip, verdicts

from vfsr.weights import save_rcan


@pytest.fixture(autouse=True)
def threads():
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


@pytest.mark.parametrize("make", [shapes_clip, leaves_clip])
def test_a_clean_clip_does_not_flicker(make):
    clip = make(1, 3)
    assert flicker(clip.frames, clip) < 0.5
    still = clip.standing_still()
    assert flicker(still.frames, still) == 0
    # Told of another motion, there is hardly a pixel left to judge by, or it flickers.
    assert len(set(clip.origins)) > 1


def test_noise_is_measured_in_levels():
    clip = Clip(torch.full((2, 3, bench.HEIGHT, bench.WIDTH), 0.5), [(0, 0), (0, 0)])
    frames = clip.frames + 3 / 255 * torch.randn(clip.frames.shape)
    # Mean absolute value of a difference of two normal numbers: 2 sigma / sqrt(pi).
    assert flicker(frames, clip) == pytest.approx(3 * 2 / math.pi**0.5, rel=0.02)
    assert psnr(frames, clip.frames) == pytest.approx(-20 * math.log10(3 / 255), abs=0.1)


def test_verdicts_name_what_was_missed():
    rows = [
        {"clips": "a", "way": "frame by frame", "flicker": 2.0, "psnr": 30.0},
        {"clips": "a", "way": "ours", "flicker": 1.0, "psnr": 29.96},
        {"clips": "b", "way": "frame by frame", "flicker": 2.0, "psnr": 30.0},
        {"clips": "b", "way": "ours", "flicker": 1.0, "psnr": 29.9},
    ]
    assert [(v["clips"], v["share"], v["met"]) for v in verdicts(rows)] == [
        ("a", 0.5, True),
        ("b", 0.5, False),
    ]


def test_it_prints_and_writes_all_kinds(tmp_path, monkeypatch, capsys):
    from vfsr.rcan import RCAN, RCANConfig

    monkeypatch.setattr(bench, "HEIGHT", 64)
    monkeypatch.setattr(bench, "WIDTH", 96)
    model = save_rcan(RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4)), tmp_path / "m")
    path = tmp_path / "rows.json"
    main(["--clips", "1", "--frames", "3", "--model", str(model), "--json", str(path)])
    written = json.loads(path.read_text())
    assert len(written["rows"]) == 8 * 3
    assert len(written["verdicts"]) == 8
    assert "shapes, still, noise" in capsys.readouterr().out
