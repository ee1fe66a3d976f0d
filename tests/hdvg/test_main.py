"""The command line as a whole; what each command does is tested under tests/hdvg/commands."""

import json

import pytest

from hdvg.__main__ import COMMANDS, main


def _exit(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def _error(capsys, *arguments):
    code, out, err = _exit(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    return err


def test_help_lists_every_command(capsys):
    code, out, err = _exit(capsys, "--help")
    assert (code, err) == (0, "")
    assert "usage: hdvg" in out
    for name in COMMANDS:
        assert f"\n  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_its_options(capsys, name):
    code, out, err = _exit(capsys, name, "--help")
    assert (code, err) == (0, "")
    assert f"usage: hdvg {name}" in out
    assert "--json" in out
    assert "--config" in out


def test_unknown_keys_are_named_with_their_file(capsys, tmp_path):
    path = tmp_path / "typo.yaml"
    path.write_text("source: a\ndata: b\nfilter:\n  min_hight: 3\n")
    err = _error(capsys, "build", "--config", str(path))
    assert "min_hight" in err
    assert str(path) in err
    assert "sorce" in _error(capsys, "build", "--sorce", "x")


def test_other_mistakes_are_one_line(capsys, tmp_path):
    assert "nope.yaml" in _error(capsys, "build", "--config", str(tmp_path / "nope.yaml"))
    assert "data" in _error(capsys, "build", "--source", "x")
    assert "abc" in _error(capsys, "build", "--source=x", "--data=y", "--unit_size=abc")
    assert "-3" in _error(capsys, "build", "--source=x", "--data=y", "--filter.min_height=-3")
    assert "nowhere" in _error(capsys, "build", "--source=nowhere", f"--data={tmp_path}/d")
    assert not (tmp_path / "d").exists()
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1\n")
    assert "broken.yaml" in _error(capsys, "build", "--config", str(broken))


def test_a_missing_or_unknown_command_is_told_what_there_is(capsys):
    assert "build" in _error(capsys)
    assert "'bild'" in _error(capsys, "bild")


def test_json_is_one_object_on_standard_output(capsys, tmp_path):
    size = ["--corpus.num_videos=1", "--corpus.num_web_videos=0", "--corpus.troubles=false"]
    wanted = ["shapes", "--json", f"--out={tmp_path}/c", "--corpus.height=64", *size]
    code, out, _ = _exit(capsys, *wanted)
    assert code == 0
    assert json.loads(out) == {"site": f"{tmp_path}/c/site", "num_videos": 1}
    assert out.count("\n") == 1
    assert "--json" not in _error(capsys, "build", "--json", "--source=nowhere", "--data=y")
