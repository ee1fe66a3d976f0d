import pytest

from hdvg.errors import InputError
from vfmodel.__main__ import main
from vfmodel.evaluation.evaluate_command import describe_result, parse_words

FIGURE = {"name": "FVD", "value": 12.5, "low": 10.0, "high": 15.0, "num_samples": 3}


def test_words_become_both_configs():
    config, maker, as_json = parse_words(
        ["--videos=v", "--out=o", "--protocol=shapes", "--model=m", "--steps=7", "--json"]
    )
    assert (config.videos, config.out, config.protocol) == ("v", "o", "shapes")
    assert (maker.model, maker.steps, as_json) == ("m", 7, True)
    with pytest.raises(InputError, match="step_count"):
        parse_words(["--videos=v", "--out=o", "--step_count=7"])


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
