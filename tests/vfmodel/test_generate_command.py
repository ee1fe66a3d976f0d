import json
import re
import subprocess
import sys

import av
import pytest

from hdvg.errors import InputError
from vfmodel.generate_command import GenerateConfig, generate_to_file, run_generate


@pytest.fixture
def model_folder(tiny_pipeline, tmp_path):
    tiny_pipeline.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


def test_writes_an_mp4_and_prints_its_path(model_folder, tmp_path, capsys):
    out = tmp_path / "new" / "x.mp4"
    settings = ["--model", str(model_folder), "--out", str(out), "--seed", "1", "--steps", "1"]
    run_generate(["--prompt", "a red circle", *settings])
    assert capsys.readouterr().out.strip() == str(out)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, float(stream.average_rate)) == (40, 24, 4.0)
        assert sum(1 for _ in container.decode(stream)) == 3


def test_settings_come_from_a_yaml_and_the_command_line_wins(model_folder, tmp_path, capsys):
    config = tmp_path / "x.yaml"
    config.write_text(f"prompt: a cat\nmodel: {model_folder}\nsteps: 1\nout: {tmp_path}/a.mp4\n")
    run_generate(["--config", str(config), "--out", str(tmp_path / "b.mp4")])
    assert (tmp_path / "b.mp4").is_file()
    assert not (tmp_path / "a.mp4").exists()


def test_the_prompt_may_come_first_and_a_drawn_seed_makes_the_video_again(
    model_folder, tmp_path, capsys
):
    settings = ["--model", str(model_folder), "--steps", "1", "--out"]
    run_generate(["a red circle", *settings, str(tmp_path / "a.mp4")])
    (seed,) = re.findall(r"^seed (\d+)$", capsys.readouterr().err, re.MULTILINE)
    again = ["--prompt", "a red circle", *settings, str(tmp_path / "b.mp4"), "--seed", seed]
    run_generate([*again, "--json"])
    out, err = capsys.readouterr()
    assert "seed" not in err
    assert json.loads(out) == {
        "path": str(tmp_path / "b.mp4"),
        "seed": int(seed),
        "num_frames": 3,
        "height": 24,
        "width": 40,
        "fps": 4.0,
    }
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], "prompt"),
        (["--prompt", " "], "empty"),
        (["--prompt", "x", "--modle", "y"], "--modle"),
        (["--prompt", "x", "--steps", "many"], "steps"),
        (["--prompt", "x", "--steps", "0"], "num_inference_steps"),
        (["--prompt", "x", "--seed", "-1"], "seed"),
        (["--prompt", "x", "--out", "x.gif"], r"x\.gif"),
        (["--prompt", "x", "--height", "20"], "height 20"),
        (["--prompt", "x", "--config", "none.yaml"], r"none\.yaml"),
        (["--prompt", "x", "--fps", "12"], "one rate"),
        (["--prompt", "x", "--upscaler", "vfsr.upscail"], "vfsr has no upscail"),
    ],
)
def test_bad_input_is_refused_by_name(model_folder, words, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=named):
        run_generate([*words, "--model", str(model_folder)])
    assert not list(tmp_path.glob("*.mp4"))


def test_an_unknown_key_in_a_yaml_is_named(tmp_path):
    (tmp_path / "x.yaml").write_text("prompt: x\nstepz: 3\n")
    with pytest.raises(InputError, match="stepz"):
        run_generate(["--config", str(tmp_path / "x.yaml")])


def test_a_folder_is_no_place_for_a_video(tmp_path):
    (tmp_path / "x.mp4").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        generate_to_file(GenerateConfig(prompt="x", out=str(tmp_path / "x.mp4")))


def test_as_a_process_one_line_and_exit_code_2():
    words = [sys.executable, "-m", "vfmodel", "generate", "--prompt", "x", "--model", "/none/such"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "error: no model folder: /none/such\n")
