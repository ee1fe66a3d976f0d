import json

from hdvg.captioning.caption_dataset import CaptionSummary
from hdvg.commands.caption import format_summary
from hdvg.dataset_folder import create_dataset


def test_mistakes_are_one_line(hdvg_error, tmp_path):
    assert "nowhere" in hdvg_error("caption", str(tmp_path / "nowhere"))
    assert "not a dataset" in hdvg_error("caption", str(tmp_path))
    create_dataset(tmp_path / "data", sources=["x"], config={})
    data = str(tmp_path / "data")
    assert "./no_model" in hdvg_error("caption", data, "--model", "./no_model")
    assert "'a/b'" in hdvg_error("caption", data, "--family", "a/b")
    assert "-1" in hdvg_error("caption", data, "--batch_size", "-1")
    assert "gemini" in hdvg_error("caption", data, "--backend", "gemini")
    assert "no GPU" in hdvg_error("caption", data, "--device", "cuda") or _has_gpu()
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == [".lock", "dataset.json"]


def _has_gpu():
    import torch

    return torch.cuda.is_available()


def test_json_is_one_object(call_hdvg, tmp_path):
    create_dataset(tmp_path / "data", sources=["x"], config={})
    code, out, err = call_hdvg("caption", str(tmp_path / "data"), "--json")
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
