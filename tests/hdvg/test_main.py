import pytest

from hdvg.__main__ import format_summary, main
from hdvg.build import BuildSummary
from hdvg.shapes.site import read_truth


def _exit(capsys, *arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    out, err = capsys.readouterr()
    return stopped.value.code, out, err


def _error(capsys, *arguments):
    code, _, err = _exit(capsys, *arguments)
    assert (code, err.count("\n")) == (2, 1)
    assert err.startswith("error: ")
    return err


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["shapes", "--help"]])
def test_help_is_readable(capsys, arguments):
    code, out, err = _exit(capsys, *arguments)
    assert (code, err) == (0, "")
    assert "usage: hdvg" in out
    if arguments[0] == "build":
        assert "A folder of video files" in out
        assert "Lowest height in pixels" in out


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


def test_no_command_is_an_error(capsys):
    assert "command" in _error(capsys)


def test_shapes_renders_a_corpus(capsys, tmp_path):
    size = ["--corpus.num_videos=1", "--corpus.num_web_videos=0", "--corpus.troubles=false"]
    code, out, _ = _exit(capsys, "shapes", f"--out={tmp_path}/c", "--corpus.height=64", *size)
    assert code == 0
    assert "1 videos" in out
    assert len(read_truth(tmp_path / "c")) == 1


def test_summary_names_every_failure():
    summary = BuildSummary(
        num_videos=5,
        num_ok=2,
        num_clips=0,
        failures={"content/static": 1, "corrupt/probe_failed": 2},
        units_before=1,
        units_made=2,
        wall_s=3.2,
    )
    lines = format_summary(summary, "data/x").splitlines()
    assert lines[0].startswith("data/x: 0 clips from 2 of 5 videos in 3 s")
    assert lines[1:3] == ["  failed:    1 content/static", "  failed:    2 corrupt/probe_failed"]
    assert "fail_message" in lines[3]
