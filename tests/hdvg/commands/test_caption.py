import json

import pytest

from hdvg.__main__ import main
from hdvg.captioning.caption_dataset import CaptionSummary
from hdvg.commands.caption import format_summary
from hdvg.dataset_folder import create_dataset


def _exit(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(["caption", *arguments])
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def _error(capsys, *arguments):
    code, out, err = _exit(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    return err


def test_mistakes_are_one_line(capsys, tmp_path):
    assert "nowhere" in _error(capsys, str(tmp_path / "nowhere"))
    assert "not a dataset" in _error(capsys, str(tmp_path))
    create_dataset(tmp_path / "data", sources=["x"], config={})
    data = str(tmp_path / "data")
    assert "./no_model" in _error(capsys, data, "--model", "./no_model")
    assert "'a/b'" in _error(capsys, data, "--family", "a/b")
    assert "-1" in _error(capsys, data, "--batch_size", "-1")
    assert "gemini" in _error(capsys, data, "--backend", "gemini")
    assert "no GPU" in _error(capsys, data, "--device", "cuda") or _has_gpu()
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == [".lock", "dataset.json"]


def _has_gpu():
    import torch

    return torch.cuda.is_available()


def test_json_is_one_object(capsys, tmp_path):
    create_dataset(tmp_path / "data", sources=["x"], config={})
    code, out, err = _exit(capsys, str(tmp_path / "data"), "--json")
    assert (code, err, out.count("\n")) == (0, "", 1)
    found = json.loads(out)
    assert (found["family"], found["num_clips"], found["num_captions"]) == ("blip2", 0, 0)


def test_summary_says_what_was_left_out():
    summary = CaptionSummary(
        family="blip2",
        model="m",
        num_clips=9,
        num_captions=7,
        num_unreadable=2,
        num_made=3,
        units_before=1,
        units_made=2,
        wall_s=4.2,
    )
    first, second = format_summary(summary, "data/x").splitlines()
    assert first.startswith("data/x: 7 of 9 clips have a caption in the family 'blip2' by m;")
    assert "3 made in 4 s (2 units made, 1 found committed)" in first
    assert second.split() == ["left", "out:", "2", "keyframes", "cannot", "be", "decoded"]
