import json
import math

import numpy as np
import pytest
import torch
from benchmarks import upscaler_quality as bench
from benchmarks.upscaler_quality import (
    film_clip,
    interval,
    made_small,
    main,
    sharpness,
    summarise,
)
from PIL import Image

from hdvg.errors import InputError
from vfsr.rcan import RCAN, RCANConfig
from vfsr.weights import save_rcan


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(bench, "SIZE", (64, 96))
    monkeypatch.setattr(bench, "CROP", 32)
    count = torch.get_num_threads()
    yield
    torch.set_num_threads(count)


def test_films_stand_still_and_differ():
    bikes, bunny = film_clip(500, 2, (64, 96)), film_clip(501, 2, (64, 96))
    assert bikes.frames.shape == (2, 3, 64, 96)
    assert torch.equal(bikes.frames[0], bikes.frames[1])
    assert (bikes.frames - bunny.frames).abs().mean() > 0.02


def test_sharpness_is_a_share():
    clean = torch.rand(1, 3, 16, 16)
    assert sharpness(clean, clean) == pytest.approx(1.0)
    assert sharpness(0.5 + clean / 4, clean) == pytest.approx(0.25, rel=1e-4)


def test_made_small_is_pillows():
    clean = torch.rand(1, 3, 64, 96)
    want = torch.stack(
        [
            torch.from_numpy(
                np.array(Image.fromarray(plane.numpy()).resize((24, 16), Image.Resampling.BICUBIC))
            )
            for plane in clean[0]
        ]
    )
    assert torch.allclose(made_small(clean)[0], want.clamp(0, 1), atol=1e-5)


def test_intervals_are_students():
    # For 3 values: mean 2, standard deviation 1, t(0.975, 2) = 4.3027.
    mean, low, high = interval([1.0, 2.0, 3.0])
    assert mean == 2
    assert (low, high) == pytest.approx((2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-4)
    assert math.isnan(interval([1.0])[1])


def test_gains_are_paired_by_clip():
    rows = [
        {"preset": "light", "source": source, "seed": seed, "way": way, "psnr": value,
         "ssim": 0.5, "sharp": 1.0, "flicker": 1.0}
        for source, seed, low in (("shapes", 1, 20.0), ("shapes", 2, 30.0), ("film", 1, 40.0))
        for way, value in (("bicubic", low), ("shipped", low + seed))
    ]  # fmt: skip
    table = {(row["source"], row["way"]): row for row in summarise(rows)}
    assert table["shapes", "shipped"]["gain_db"] == pytest.approx(1.5)
    assert table["film", "shipped"]["gain_db"] == pytest.approx(1.0)
    assert table["all", "shipped"]["gain_db"] == pytest.approx(4 / 3)
    assert table["all", "bicubic"]["psnr"] == pytest.approx(30.0)
    assert table["all", "bicubic"]["gain_db"] == 0


@pytest.mark.parametrize("word", ["folder", "=folder", "own=", "shipped=folder"])
def test_a_model_needs_a_name_of_its_own(word):
    with pytest.raises(InputError, match="NAME=FOLDER"):
        main(["--model", word])


@pytest.mark.parametrize(("clips", "frames"), [("0", "2"), ("1", "1")])
def test_there_must_be_a_clip_of_two_frames(clips, frames):
    with pytest.raises(InputError, match=f"got {clips} and {frames}"):
        main(["--clips", clips, "--frames", frames])


def test_it_prints_draws_and_writes(tmp_path, capsys):
    model = save_rcan(RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4)), tmp_path / "m")
    figures, picture = tmp_path / "figures.json", tmp_path / "crops.png"
    files = ["--json", str(figures), "--picture", str(picture)]
    models = ["--model", f"own={model}", "--model", f"again={model}"]
    main(["--clips", "1", "--frames", "2", *models, *files])
    written = json.loads(figures.read_text())
    assert len(written["rows"]) == 3 * 4 * 4
    assert {row["way"] for row in written["table"]} == {"bicubic", "shipped", "own", "again"}
    assert all(("small" in row) == (row["way"] == "bicubic") for row in written["table"])
    assert Image.open(picture).size == (5 * 32, 4 * 32)
    assert "generator, all: " in capsys.readouterr().out
