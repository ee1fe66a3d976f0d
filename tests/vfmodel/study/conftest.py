"""Small videos, a built study, and votes of simulated raters."""

import json
import threading
from contextlib import contextmanager

import numpy as np
import pytest

from hdvg.video import write_video
from vfmodel.study.answers import QUESTIONS, Answer, AnswerFile
from vfmodel.study.build import BuildConfig, build_study
from vfmodel.study.collect_votes import DRAW, WIN, Vote
from vfmodel.study.serve import ServeConfig, StudyServer
from vfmodel.study.study_folder import DAMAGED, MODELS, SAME, Clip, Pair, Study, Trial, name_study

PROMPTS = tuple(f"a thing number {number}" for number in range(4))


def write_clip(path, level, *, width=64, height=48, fps=8.0, frames=8):
    """A plain video of one grey level, brighter from frame to frame by 2."""
    shades = level + 2 * np.arange(frames, dtype=np.uint8)
    video = np.broadcast_to(shades[:, None, None, None], (frames, 3, height, width))
    return write_video(path, np.ascontiguousarray(video), fps)


def write_model(folder, level, prompts=PROMPTS, **shape):
    """A folder of one video a prompt with its prompts.json; prompt k is of level `level` + 10 k."""
    for number in range(len(prompts)):
        write_clip(folder / f"{number}.mp4", level + 10 * number, **shape)
    names = {f"{number}.mp4": prompt for number, prompt in enumerate(prompts)}
    (folder / "prompts.json").write_text(json.dumps(names))
    return folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """Models "one", dark, and "two", bright, with videos of the same four prompts."""
    root = tmp_path_factory.mktemp("videos")
    return {"one": write_model(root / "one", 20), "two": write_model(root / "two", 150)}


@pytest.fixture(scope="session")
def built(folders, tmp_path_factory):
    """Folder of a study of the two: four pairs and two checks."""
    out = tmp_path_factory.mktemp("study") / "study"
    config = BuildConfig(damaged_checks=1, same_checks=1, sheets=3, seed=5, title="Which <is> it?")
    build_study(folders, out, config)
    return out


@contextmanager
def serving(folder, **settings):
    """A study that is up on a free port."""
    server = StudyServer(folder, ServeConfig(port=0, **settings))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_study(num_models=2, num_prompts=3, num_sheets=2):
    """A study without videos: all pairs of models, one check of each kind, whole sheets."""
    names = [f"m{number}" for number in range(num_models)]

    def clip(model, prompt, more=""):
        return Clip(name=f"{model}-{prompt}{more}", model=model, source=f"{prompt}.mp4")

    pairs = [
        Pair(
            kind=MODELS,
            prompt=f"prompt {prompt}",
            sample=0,
            first=clip(names[i], prompt),
            second=clip(names[j], prompt),
        )
        for i in range(num_models)
        for j in range(i + 1, num_models)
        for prompt in range(num_prompts)
    ]
    for kind in (DAMAGED, SAME):
        first, second = clip("m0", 0, f"{kind}1"), clip("m0", 0, f"{kind}2")
        pairs.append(Pair(kind=kind, prompt="prompt 0", sample=0, first=first, second=second))
    sheets = tuple(
        tuple(
            Trial(pair=pair, swapped=bool((pair + sheet) % 2))
            for pair in np.roll(range(len(pairs)), sheet).tolist()
        )
        for sheet in range(num_sheets)
    )
    return name_study(
        Study(
            seed=0,
            title="title",
            models=tuple(names),
            folders=tuple(names),
            width=64,
            height=48,
            fps=8.0,
            pairs=tuple(pairs),
            sheets=sheets,
            cropped=dict.fromkeys(names, 0.0),
            lost={},
        )
    )


def answer_by_models(study, sheet, rater, judge):
    """Answers of a rater who decides by `judge(question, pair)`: WIN, DRAW or LOSS of the first."""
    answers = []
    for position, trial in enumerate(study.sheets[sheet]):
        choices = {}
        for question in QUESTIONS:
            outcome = judge(question, study.pairs[trial.pair])
            on_left = (outcome == WIN) != trial.swapped
            choices[question] = "tie" if outcome == DRAW else "left" if on_left else "right"
        answers.append(Answer(position=position, choices=choices, seconds=5.0))
    return AnswerFile(rater=f"{rater:032x}", sheet=sheet, answers=tuple(answers))


def simulate_votes(
    rng, strengths, *, tie=0.5, prompts=20, raters=10, prompt_spread=0.0, rater_spread=0.0
):
    """Votes drawn from Davidson's model; prompts and raters shift the log odds by normal draws."""
    votes = []
    names = [f"m{number}" for number in range(len(strengths))]
    for i in range(len(strengths)):
        for j in range(i + 1, len(strengths)):
            by_prompt = rng.normal(0, prompt_spread, prompts)
            by_rater = rng.normal(0, rater_spread, raters)
            gap = strengths[i] - strengths[j] + by_prompt[:, None] + by_rater
            odds = np.stack([np.exp(gap / 2), np.full_like(gap, tie), np.exp(-gap / 2)], -1)
            chances = np.cumsum(odds / odds.sum(-1, keepdims=True), -1)
            outcomes = (rng.random(gap.shape)[..., None] > chances).sum(-1)
            votes += [
                Vote(
                    rater=f"r{r}",
                    prompt=f"p{p}",
                    models=(names[i], names[j]),
                    outcomes=dict.fromkeys(QUESTIONS, int(outcomes[p, r])),
                    first_left=bool((p + r) % 2),
                )
                for p in range(prompts)
                for r in range(raters)
            ]
    return votes


@pytest.fixture
def study_tools():
    """The functions above for tests, which cannot import a conftest."""
    from types import SimpleNamespace

    return SimpleNamespace(
        write_clip=write_clip,
        write_model=write_model,
        serving=serving,
        make_study=make_study,
        answer_by_models=answer_by_models,
        simulate_votes=simulate_votes,
        prompts=PROMPTS,
    )
