import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from hdvg.video import decode, write_video
from vfsr.__main__ import main
from vfsr.dead_leaves import render_dead_leaves
from vfsr.film import encode_segments
from vfsr.film.packet_log import count_finished
from vfsr.upscale_film import partial_path
from vfsr.weights import save_rcan


@pytest.fixture
def film(tmp_path):
    frames = np.stack([render_dead_leaves(np.random.default_rng(i), 32, 48) for i in range(3)])
    frames = np.ascontiguousarray(frames.transpose(0, 3, 1, 2))
    return write_video(tmp_path / "in.mp4", frames, 8)


def run(*arguments):
    with pytest.raises(SystemExit) as exit_:
        main(list(map(str, arguments)))
    return exit_.value.code


def test_a_file_becomes_four_times_larger(film, small_model, tmp_path, capsys):
    model = save_rcan(small_model, tmp_path / "model")
    target = tmp_path / "out.mp4"
    assert run("upscale", film, target, "--model", model) == 0
    frames = list(decode(target))
    assert [(f.width, f.height) for f in frames] == [(192, 128)] * 3
    assert "3 frames" in capsys.readouterr().err


def test_options_may_come_from_a_file(film, small_model, tmp_path):
    save_rcan(small_model, tmp_path / "model")
    (tmp_path / "c.yaml").write_text(f"model: {tmp_path}/model\n")
    assert run("upscale", "--config", tmp_path / "c.yaml", film, tmp_path / "out.mp4") == 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["upscale", "nowhere.mp4", "out.mp4"], "nowhere.mp4"),
        (["upscale", "{film}", "out.gif"], "out.gif"),
        (["upscale", "{film}", "out.mp4", "--model", "no/such/model"], "no/such/model"),
        (["upscale", "{film}", "out.mp4", "--devise", "cpu"], "--devise"),
        (["upscale", "{film}", "out.mp4", "--device", "abacus"], "abacus"),
        (["upscale", "{film}"], "target"),
        (["upscale", "{film}", "{film}"], "would replace the input"),
        (["upscale", "{film}", "out.mp4", "--codec", "av1"], "av1"),
        (["upscale", "{film}", "out.mp4", "--crf", "99"], "99"),
        (["upscale", "{film}", "out.mp4", "--tile", "0"], "tile"),
        (["upscale", "{film}", "out.mp4", "--resume", "--overwrite"], "exclude each other"),
        (["upscale", "{film}", "out.png", "--json"], "is no picture"),
        (["upscale", "--config", "nowhere.yaml", "{film}", "out.mp4"], "nowhere.yaml"),
    ],
)
def test_bad_input_is_one_line_and_code_2(
    film, small_model, tmp_path, capsys, monkeypatch, arguments, named
):
    monkeypatch.chdir(tmp_path)
    assert run(*(str(film) if word == "{film}" else word for word in arguments)) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert named in err
    assert err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["in.mp4"]


def test_json_tells_each_files_outcome(film, small_model, tmp_path, capsys):
    model = save_rcan(small_model, tmp_path / "model")
    folder = film.parent / "films"
    folder.mkdir()
    film.rename(folder / "a.mp4")
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(folder / "b.png")
    (folder / "c.mov").write_text("<html>")
    target = tmp_path / "large"
    assert run("upscale", folder, target, "--model", model, "--json") == 1
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    files = [line for line in lines if line["event"] == "file"]
    assert [(f["status"], f["frames"]) for f in files] == [("done", 3), ("done", 1), ("failed", 0)]
    assert files[0]["target"] == str(target / "a.mp4")
    assert "not a readable video" in files[2]["message"]
    assert lines[-1] == {"event": "summary", "done": 2, "failed": 1}
    (folder / "c.mov").unlink()
    assert run("upscale", folder, target, "--model", model, "--resume") == 0
    assert capsys.readouterr().err.endswith("large: 2 was there\n")


def test_a_full_disk_is_one_line_and_says_how_to_go_on(
    film, small_model, tmp_path, capsys, monkeypatch
):
    model = save_rcan(small_model, tmp_path / "model")
    monkeypatch.setattr(encode_segments, "SEGMENT_FRAMES", 2)
    sync = os.fsync
    calls = []

    def fail_late(descriptor):
        calls.append(descriptor)
        if len(calls) > 3:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", fail_late)
    target = tmp_path / "out.mp4"
    assert run("upscale", film, target, "--model", model) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"{target}.partial holds 2 finished frames; the same command with --resume goes on",
        f"error: No space left on device: {target}.partial",
    ]
    monkeypatch.setattr(os, "fsync", sync)
    assert run("upscale", film, target, "--model", model, "--resume") == 0
    assert len(list(decode(target))) == 3


@pytest.fixture
def long_film(render_film, tmp_path):
    return render_film(tmp_path / "long.mp4", range(0, 300 * 1200, 1200), (32, 24), still=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_stopped_at_any_time_it_goes_on_to_the_same_film(
    long_film, small_model, tmp_path, number, code
):
    model = save_rcan(small_model, tmp_path / "model")
    target, half = tmp_path / "out.mp4", partial_path(tmp_path / "out.mp4")
    words = ["upscale", str(long_film), str(target), "--model", str(model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "vfsr", *words],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    while count_finished(half) < encode_segments.SEGMENT_FRAMES and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == code, err
    assert not target.exists()
    if number != signal.SIGKILL:
        assert "finished frames; the same command with --resume goes on" in err
        assert "Traceback" not in err
    assert count_finished(half) % encode_segments.SEGMENT_FRAMES == 0
    assert run(*words, "--resume") == 0
    assert run(*words[:2], tmp_path / "whole.mp4", *words[3:]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"long.mp4", "model", "out.mp4", "whole.mp4"}
    whole, resumed = list(decode(tmp_path / "whole.mp4")), list(decode(target))
    assert len(whole) == len(resumed) == 300
    for one, other in zip(whole, resumed, strict=True):
        assert one.pts == other.pts
        assert np.array_equal(one.to_ndarray(), other.to_ndarray())


@pytest.mark.slow
def test_on_a_disk_that_is_full_and_grows(long_film, small_model, tmp_path, capsys):
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system takes root")
    model = save_rcan(small_model, tmp_path / "model")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=192k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let root mount a tmpfs")
    try:
        words = ("upscale", long_film, disk / "out.mp4", "--model", model)
        assert run(*words) == 2
        assert "error: No space left on device" in capsys.readouterr().err.splitlines()[-1]
        assert not (disk / "out.mp4").exists()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert run(*words, "--resume") == 0
        assert len(list(decode(disk / "out.mp4"))) == 300
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
