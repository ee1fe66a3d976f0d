import pytest

from hdvg.errors import InputError
from vfmodel.__main__ import main
from vfmodel.evaluation import ablate_command
from vfmodel.evaluation.ablation import carry_out as module


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(f"out: {tmp_path}/out\nvariants:\n  a: {{unet: {{block_end: add}}}}\n")
    return str(path)


def test_a_file_is_read(config):
    parsed, as_json = ablate_command.parse_words(["--config", config, "--workers=1"])
    assert parsed.variants == {"a": {"unet": {"block_end": "add"}}}
    assert (parsed.workers, as_json) == (1, False)
    with pytest.raises(InputError, match="jobs"):
        ablate_command.parse_words(["--config", config, "--jobs=1"])


def test_runs_that_failed_are_named(config, monkeypatch, capsys):
    monkeypatch.setattr(module, "carry_out", lambda config: {"a_s0": "no luck"})
    with pytest.raises(SystemExit) as stopped:
        main(["ablate", "--config", config])
    assert stopped.value.code == 2
    assert "1 runs failed, the same command tries again: a_s0: no luck" in capsys.readouterr().err
    monkeypatch.setattr(module, "carry_out", lambda config: {})
    with pytest.raises(SystemExit) as stopped:
        main(["ablate", "--config", config])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.endswith("/out\n")
