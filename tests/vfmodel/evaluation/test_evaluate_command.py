import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import yaml

from hdvg.errors import InputError
from hdvg.video import frames_at
from vfmodel.__main__ import main
from vfmodel.evaluation.evaluate_command import describe_result, parse_words
from vfmodel.evaluation.fvd.script_config import ScriptConfig

FIGURE = {"name": "FVD", "value": 12.5, "low": 10.0, "high": 15.0, "num_samples": 3}


def test_words_become_both_configs():
    config, maker, as_json = parse_words(
        ["--videos=v", "--out=o", "--protocol=shapes", "--model=m", "--steps=7", "--json"]
    )
    assert (config.videos, config.out, config.protocol) == ("v", "o", "shapes")
    assert (maker.model, maker.steps, as_json) == ("m", 7, True)
    with pytest.raises(InputError, match="step_count"):
        parse_words(["--videos=v", "--out=o", "--step_count=7"])


def test_a_script_is_given_with_what_it_does_not_say_itself(tmp_path):
    words = ["--videos=v", "--out=o", "--script.path=a.pt", "--script.name=ours"]
    config, _, _ = parse_words([*words, "--script.size_px=[64, 112]", "--script.num_features=7"])
    assert config.script == ScriptConfig(
        path="a.pt", name="ours", size_px=(64, 112), num_features=7
    )
    assert isinstance(config.script.size_px, tuple)
    with pytest.raises(InputError, match="got 'a b'"):
        parse_words([*words[:3], "--script.name=a b"])
    with pytest.raises(InputError, match="script and fvd_features exclude each other"):
        parse_words([*words, "--fvd_features=shapes"])


def test_the_summary_says_what_is_missing():
    result = {
        "model": "ours",
        "protocol": {"label": "mine@1:0123"},
        "figures": [FIGURE, FIGURE | {"name": "x", "value": None, "low": None}],
        "videos": {"scored": 3, "asked": 5, "missing": 1, "broken": 1},
        "real": {"asked": 9, "used": 8, "dataset": "ucf101"},
        "complete": False,
    }
    text = describe_result(result)
    assert "ours by mine@1:0123" in text
    assert "12.5000  95 % [10.0000, 15.0000]  n=3" in text
    assert "3 of 5 judged, 1 missing, 1 broken" in text
    assert "real videos: 8 of 9 of ucf101" in text
    assert "INCOMPLETE" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--videos=v", "--out=o", "--protocol=none"], "no protocol 'none'"),
        (["--videos=v", "--out=o", "--model=/gone"], "no text-to-video model: /gone"),
    ],
)
def test_mistakes_are_one_line(words, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(["evaluate", *words])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.glob("o*")) == []


def test_help(capsys):
    with pytest.raises(SystemExit):
        main(["evaluate", "--help"])
    text = capsys.readouterr().out
    assert "ucf101_videofactory" in text
    assert "--motion_adapter" in text


PROTOCOL = {
    "name": "mine",
    "version": 1,
    "about": "a test",
    "prompts": {"source": "class_names", "num_samples": 8},
    "real": {"dataset": "shapes", "num_clips": 1},
    "frames": {"num_frames": 4},
    "metrics": ["flicker"],
}


def start(folder, baseline, *more):
    words = [f"--protocol={folder}/mine.yaml", f"--videos={folder}/videos", f"--out={folder}/out"]
    words += [f"--model={baseline}", "--steps=3", "--height=16", "--width=24", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    (folder / "mine.yaml").write_text(yaml.safe_dump(PROTOCOL))
    return subprocess.Popen([sys.executable, "-m", "vfmodel", "evaluate", *words], env=environment)


@pytest.mark.slow
def test_the_command_goes_on_after_kill_9(baseline_folder, tmp_path):
    for name in ("killed", "whole"):
        (tmp_path / name).mkdir()
    process = start(tmp_path / "killed", baseline_folder)
    videos = tmp_path / "killed" / "videos"
    while not list(videos.glob("[!.]*.mp4")):
        assert process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 0 < len(list(videos.glob("[!.]*.mp4"))) < 8
    assert not (tmp_path / "killed" / "out").exists()
    assert start(tmp_path / "killed", baseline_folder, "--workers=2").wait() == 0
    assert start(tmp_path / "whole", baseline_folder).wait() == 0
    killed, whole = (
        json.loads((tmp_path / name / "out" / "result.json").read_text())
        for name in ("killed", "whole")
    )
    assert killed["figures"] == whole["figures"]
    assert killed["complete"]
    for path in videos.glob("*.mp4"):
        first, second = (
            frames_at(at, [0.0, 0.2, 0.4], 24, 16)
            for at in (path, tmp_path / "whole" / "videos" / path.name)
        )
        assert np.array_equal(first, second)
