import numpy as np
import pytest

from hdvg.video import decode, write_video
from vfsr.__main__ import main
from vfsr.dead_leaves import render_dead_leaves
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
