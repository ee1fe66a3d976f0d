"""The steps of a study from the command line."""

import json

import numpy as np
import pytest

from hdvg.errors import InputError
from hdvg.video import write_video
from vfmodel.study.answers import Answer, AnswerFile, write_answer_file
from vfmodel.study.study_folder import DAMAGED, MODELS, load_study
from vfmodel.study_command import parse_models, run_study


@pytest.fixture
def folders(tmp_path):
    for name, level in (("ours", 60), ("theirs", 120)):
        for number in range(3):
            video = np.full((4, 3, 32, 48), level + number, np.uint8)
            write_video(tmp_path / name / f"{number}.mp4", video, 8.0)
            (tmp_path / name / f"{number}.txt").write_text(f"prompt {number}")
    (tmp_path / "theirs/2.mp4").write_bytes(b"junk")
    return tmp_path


def test_from_videos_to_figures(folders, capsys):
    study_folder = folders / "study"
    words = [f"ours={folders / 'ours'}", str(folders / "theirs"), "--out", str(study_folder)]
    run_study(["build", *words, "--seed", "3", "--same_checks", "0"])
    out = capsys.readouterr().out
    assert "2 pairs of 2 models on 2 prompts and 3 checks, 48x32 at 8 frames a second" in out
    assert "theirs: broken: 1 (2.mp4)" in out
    assert "ours: without a rival: 1 (2.mp4)" in out
    study = load_study(study_folder)
    answers = []
    for position, trial in enumerate(study.sheets[0]):
        kind = study.pairs[trial.pair].kind
        wins = kind in (MODELS, DAMAGED)
        side = "tie" if not wins else "right" if trial.swapped else "left"
        choices = dict.fromkeys(("quality", "text", "overall"), side)
        answers.append(Answer(position=position, choices=choices, seconds=2.0))
    for rater in range(2):
        answer_file = AnswerFile(rater=f"{rater:032x}", sheet=0, answers=tuple(answers))
        write_answer_file(folders / f"{rater}.json", study.study_id, answer_file)
    files = [str(folders / f"{rater}.json") for rater in range(2)]
    run_study(["analyse", str(study_folder), *files, "--json", "--replicates", "100"])
    found = json.loads(capsys.readouterr().out)
    assert found["pairs"][0]["wins"] == {
        "hits": 4,
        "count": 4,
        "low": pytest.approx(0.51, abs=0.01),
        "high": pytest.approx(1.0),
    }
    assert (study_folder / "preferences.png").is_file()
    run_study(["analyse", str(study_folder), *files, "--out", str(folders / "out")])
    assert (folders / "out/analysis.md").read_text() == capsys.readouterr().out


def test_build_says_it_in_json_too(folders, capsys):
    words = [f"a={folders / 'ours'}", f"b={folders / 'theirs'}", "--out", str(folders / "s")]
    run_study(["build", *words, "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (facts["models"], facts["pairs"], facts["lost"]["b"]) == (
        ["a", "b"],
        2,
        {"broken": ["2.mp4"]},
    )


def test_power(capsys):
    run_study(["power", "--win_share", "0.6", "--votes_a_rater", "1", "--tie_share", "0"])
    out = capsys.readouterr().out
    assert out.startswith("194 votes for each pair of models")
    run_study(["power", "--json"])
    assert json.loads(capsys.readouterr().out)["independent_votes"] == 194


def test_help_lists_the_steps(capsys):
    for words in ([], ["--help"]):
        run_study(words)
        out = capsys.readouterr().out
        assert all(f"\n  {step} " in out for step in ("power", "build", "serve", "analyse"))


def test_models_have_names():
    assert list(parse_models(["a=x", "runs/b"])) == ["a", "b"]
    for words, named in ((["a=x", "a=y"], "two models are called a"), (["=x"], "'=x'")):
        with pytest.raises(InputError, match=named):
            parse_models(words)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["buidl"], "unknown step 'buidl'"),
        (["build", "a=x"], "required: out"),
        (["build", "a=x", "--out", "s"], "compares 2"),
        (["build", "a=x", "b=y", "--out", "s", "--seed", "x"], "seed"),
        (["build", "a=x", "b=y", "--out", "s"], "no such folder of videos for a: x"),
        (["serve", "nowhere"], "not a study's folder"),
        (["serve", "nowhere", "--port", "99999"], "port must be"),
        (["analyse", "nowhere"], "not a study's folder"),
        (["power", "--win_share", "0.4"], "win_share must be"),
        (["power", "--config", "none.yaml"], r"none\.yaml"),
    ],
)
def test_bad_input_is_refused_by_name(words, named, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=named):
        run_study(words)
    assert list(tmp_path.iterdir()) == []
