import json

import pytest

from hdvg.__main__ import main
from hdvg.scoring.score_dataset import ScoreSummary


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls the command; what the pass was told is in `asked`."""
    asked = []

    def score(config):
        asked.append(config)
        return ScoreSummary(
            num_clips=9,
            text_units=2,
            unreadable=1,
            repeat_units=3,
            duplicates=4,
            repeated_captions=5,
            wall_s=1.4,
        )

    monkeypatch.setattr("hdvg.scoring.score_dataset.score_dataset", score)

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["score", *arguments])
        return stopped.value.code, *capsys.readouterr(), asked

    return run


def test_it_says_what_was_found(call):
    code, out, err, asked = call("data/x", "--max_distance=3", "--captions=blip2")
    assert (code, err) == (0, "")
    assert (asked[0].data, asked[0].max_distance, asked[0].captions) == ("data/x", 3, "blip2")
    assert out.splitlines() == [
        "data/x: 9 clips scored in 1 s (text of 2 units, repeats of 3 units are new)",
        "  4 clips look like an earlier one, 5 share their caption with another",
        "  1 keyframes cannot be read: their text is unknown",
    ]
    assert json.loads(call("data/x", "--json")[1])["duplicates"] == 4


def test_mistakes_are_one_line(call):
    code, out, err, asked = call("data/x", "--max_distance=9")
    assert (code, out, err.count("\n"), asked) == (2, "", 1, [])
    assert "got 9" in err
