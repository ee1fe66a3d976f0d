"""A whole evaluation of a random ModelScope pipeline against a folder of films."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.linalg import sqrtm

from hdvg.errors import InputError
from hdvg.video import frames_at, write_video
from vfmodel.evaluation.evaluate import evaluate
from vfmodel.evaluation.evaluate_config import EvaluateConfig
from vfmodel.evaluation.fvd.script_config import ScriptConfig
from vfmodel.evaluation.generation.maker_config import MakerConfig

PROTOCOL = {
    "name": "mine",
    "version": 1,
    "about": "a test",
    "prompts": {"source": "class_names", "num_samples": 4},
    "real": {"dataset": "folder", "num_clips": 5},
    "frames": {
        "num_frames": 4,
        "window": "first",
        "fit": ["resize 64x112 bilinear antialias"],
    },
    "metrics": ["fvd", "clipsim", "flicker"],
    "fvd_features": "shapes",
    "clip_model": "shapes",
}


@pytest.fixture
def asked(tmp_path):
    """The config of an evaluation against four films, one of them broken."""
    rng = np.random.default_rng(0)
    for number in range(4):
        frames = rng.integers(0, 255, (5, 3, 16, 24), np.uint8)
        write_video(tmp_path / "real" / f"r{number}.mp4", frames, 8)
    (tmp_path / "real" / "r9.mp4").write_bytes(b"broken")
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(PROTOCOL))
    return EvaluateConfig(
        videos=str(tmp_path / "videos"),
        out=str(tmp_path / "out"),
        real=str(tmp_path / "real"),
        protocol=str(path),
        name="random ModelScope",
    )


def test_from_nothing_to_a_result_file(asked, baseline_folder):
    maker = MakerConfig(model=baseline_folder, steps=1, height=16, width=24)
    result = evaluate(asked, maker)
    assert json.loads((Path(asked.out) / "result.json").read_text()) == result
    assert [f["name"] for f in result["figures"]] == ["shapes-FVD", "shapes-CLIPSIM", "flicker"]
    assert all(f["num_samples"] == 4 and f["value"] is not None for f in result["figures"])
    assert {f["protocol"] for f in result["figures"]} == {result["protocol"]["label"]}
    assert result["made_with"]["model_digest"]
    assert (result["videos"]["scored"], result["videos"]["asked"]) == (4, 4)
    assert (result["real"]["used"], result["real"]["asked"]) == (4, 5)
    assert list(result["real"]["broken"]) == ["r9"]
    assert result["complete"] is False
    # One of the videos is broken and one is gone: no model is given, so they are counted.
    names = sorted(Path(asked.videos).glob("*.mp4"))
    names[0].unlink()
    names[1].write_bytes(b"broken")
    again = evaluate(asked, MakerConfig())
    assert (again["videos"]["missing"], again["videos"]["broken"]) == (1, 1)
    assert again["videos"]["missing_names"] == [names[0].stem]
    assert list(again["videos"]["broken_names"]) == [names[1].stem]
    # What is gone is made again, and only that.
    evaluate(asked, maker)
    assert names[0].is_file()
    assert names[1].read_bytes() == b"broken"


def test_under_a_launcher_videos_are_made_and_nothing_is_measured(
    asked, baseline_folder, monkeypatch
):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    maker = MakerConfig(model=baseline_folder, steps=1, height=16, width=24)
    assert evaluate(asked, maker) is None
    assert len(list(Path(asked.videos).glob("*.mp4"))) == 2
    assert not Path(asked.out).exists()


def test_what_is_lacking_is_said_before_anything_is_made(asked, tmp_path, baseline_folder):
    maker = MakerConfig(model=baseline_folder)
    with pytest.raises(InputError, match="takes its prompts from msrvtt: give its folder"):
        evaluate(replace(asked, protocol="msrvtt_videofactory", real=None), maker)
    with pytest.raises(InputError, match="has no prompts, so nothing can be made"):
        evaluate(replace(asked, protocol="stylegan_v", fvd_features="shapes"), maker)
    with pytest.raises(InputError, match="no folder of videos"):
        evaluate(asked, MakerConfig())
    assert not (tmp_path / "videos").exists()


def test_a_script_is_named_beside_its_figure(asked, script_file, tmp_path):
    prompts = {"source": "none", "num_samples": 0}
    changed = PROTOCOL | {"prompts": prompts, "metrics": ["fvd"], "fvd_features": "i3d"}
    Path(asked.protocol).write_text(yaml.safe_dump(changed))
    rng = np.random.default_rng(1)
    for number in range(3):
        frames = rng.integers(0, 60 * (number + 1), (4, 3, 16, 24), np.uint8)
        write_video(tmp_path / "videos" / f"v{number}.mp4", frames, 8)
    # As the network takes the size that films have, nothing is scaled on the way.
    sizes = {"size_px": (16, 24), "num_features": 3, "min_frames": 4, "value_range": (0.0, 1.0)}
    script = ScriptConfig(path=str(script_file), name="colour", **sizes)
    result = evaluate(replace(asked, script=script), MakerConfig())
    [figure] = result["figures"]
    digest = hashlib.sha256(script_file.read_bytes()).hexdigest()
    assert figure["name"] == "FVD[colour]"
    assert (figure["details"]["network"], figure["details"]["network_sha256"]) == (
        "colour (TorchScript)",
        digest,
    )
    assert result["protocol"]["fvd_features"] == script.label(digest)
    made, real = (
        np.array([mean_colour(path) for path in sorted((tmp_path / folder).glob("[rv][0-3].mp4"))])
        for folder in ("videos", "real")
    )
    root = sqrtm(np.cov(made.T) @ np.cov(real.T)).real
    apart = made.mean(0) - real.mean(0)
    want = apart @ apart + np.trace(np.cov(made.T) + np.cov(real.T) - 2 * root)
    assert figure["value"] == pytest.approx(want, rel=1e-4)
    with pytest.raises(InputError, match="SHA-256"):
        evaluate(replace(asked, script=replace(script, sha256="ab" * 32)), MakerConfig())


def mean_colour(path):
    return frames_at(path, [0.01, 0.135, 0.26, 0.385], 24, 16).mean((0, 2, 3)) / 255
