"""The command line as a whole; what each command does is tested under tests/hdvg/commands."""

import json

import pytest

from hdvg.__main__ import COMMANDS


def test_help_lists_every_command(call_hdvg):
    code, out, err = call_hdvg("--help")
    assert (code, err) == (0, "")
    assert "usage: hdvg" in out
    for name in COMMANDS:
        assert f"\n  {name} " in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_its_options(call_hdvg, name):
    code, out, err = call_hdvg(name, "--help")
    assert (code, err) == (0, "")
    assert f"usage: hdvg {name}" in out
    assert "--json" in out
    assert "--config" in out


def test_unknown_keys_are_named_with_their_file(hdvg_error, tmp_path):
    path = tmp_path / "typo.yaml"
    path.write_text("source: a\ndata: b\nfilter:\n  min_hight: 3\n")
    err = hdvg_error("build", "--config", str(path))
    assert "min_hight" in err
    assert str(path) in err
    assert "sorce" in hdvg_error("build", "--sorce", "x")


def test_other_mistakes_are_one_line(hdvg_error, tmp_path):
    assert "nope.yaml" in hdvg_error("build", "--config", str(tmp_path / "nope.yaml"))
    assert "data" in hdvg_error("build", "--source", "x")
    assert "abc" in hdvg_error("build", "--source=x", "--data=y", "--unit_size=abc")
    assert "-3" in hdvg_error("build", "--source=x", "--data=y", "--filter.min_height=-3")
    assert "nowhere" in hdvg_error("build", "--source=nowhere", f"--data={tmp_path}/d")
    assert not (tmp_path / "d").exists()
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1\n")
    assert "broken.yaml" in hdvg_error("build", "--config", str(broken))


def test_a_missing_or_unknown_command_is_told_what_there_is(hdvg_error):
    assert "build" in hdvg_error()
    assert "'bild'" in hdvg_error("bild")


def test_json_is_one_object_on_standard_output(call_hdvg, hdvg_error, tmp_path):
    size = ["--corpus.num_videos=1", "--corpus.num_web_videos=0", "--corpus.troubles=false"]
    wanted = ["shapes", "--json", f"--out={tmp_path}/c", "--corpus.height=64", *size]
    code, out, _ = call_hdvg(*wanted)
    assert code == 0
    assert json.loads(out) == {"site": f"{tmp_path}/c/site", "num_videos": 1}
    assert out.count("\n") == 1
    assert "--json" not in hdvg_error("build", "--json", "--source=nowhere", "--data=y")
