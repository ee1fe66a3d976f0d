"""Simulated raters with known preferences: they are recovered, and intervals hold as promised."""

import math

import numpy as np
import pytest

from hdvg.errors import InputError
from vfmodel.study.analyse import analyse_study, analyse_votes
from vfmodel.study.analysis import AnalyseConfig
from vfmodel.study.answers import write_answer_file
from vfmodel.study.collect_votes import DRAW, LOSS, WIN, Collected, Vote
from vfmodel.study.study_folder import save_study

STRENGTHS = (0.8, 0.1, -0.9)
QUICK = AnalyseConfig(replicates=200)


def analyse(study, votes, config=QUICK):
    return analyse_votes(study, Collected(votes=votes), config)


def test_known_preferences_are_recovered(study_tools):
    rng = np.random.default_rng(0)
    votes = study_tools.simulate_votes(rng, STRENGTHS, prompts=60, raters=40, tie=0.6)
    found = analyse(study_tools.make_study(3), votes)
    for question in ("quality", "text", "overall"):
        strengths = [found.strengths[question][f"m{k}"] for k in range(3)]
        assert [s.value for s in strengths] == pytest.approx(STRENGTHS, abs=0.12)
        assert found.tie_readiness[question] == pytest.approx(math.log(0.6), abs=0.1)
    first = found.pairs[0]
    odds = math.exp(STRENGTHS[0] - STRENGTHS[1])
    total = odds**0.5 + odds**-0.5 + 0.6
    assert (first.first, first.second) == ("m0", "m1")
    assert first.wins.share == pytest.approx(odds**0.5 / total, abs=0.03)
    assert first.decided.share == pytest.approx(odds / (1 + odds), abs=0.03)
    assert first.preference.value == pytest.approx((odds**0.5 + 0.3) / total, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("spreads", [(0.0, 0.0), (0.8, 0.8)])
def test_clustered_intervals_hold_as_often_as_promised(study_tools, spreads):
    """By 150 studies: 95 % of intervals, give or take the three standard errors of that share."""
    rng = np.random.default_rng(1)
    study = study_tools.make_study(2)
    # What the share is over all prompts and raters there might be.
    many = study_tools.simulate_votes(
        rng,
        (0.4, 0.0),
        prompts=400,
        raters=400,
        prompt_spread=spreads[0],
        rater_spread=spreads[1],
    )
    outcomes = np.array([vote.outcomes["overall"] for vote in many])
    truth = np.mean(outcomes == WIN) + np.mean(outcomes == DRAW) / 2
    strength = math.log(np.mean(outcomes == WIN) / np.mean(outcomes == LOSS)) / 2
    held = []
    for _ in range(150):
        votes = study_tools.simulate_votes(
            rng,
            (0.4, 0.0),
            prompts=24,
            raters=16,
            prompt_spread=spreads[0],
            rater_spread=spreads[1],
        )
        found = analyse(study, votes)
        pair = next(p.preference for p in found.pairs if p.question == "overall")
        rank = found.strengths["overall"]["m0"]
        held.append((pair.low <= truth <= pair.high, rank.low <= strength <= rank.high))
    for share in np.mean(held, 0):
        assert 0.897 <= share <= 0.993


def test_dependent_votes_are_seen_to_be_and_independent_ones_too(study_tools):
    rng = np.random.default_rng(2)
    study = study_tools.make_study(2)
    alone = analyse(study, study_tools.simulate_votes(rng, (0.2, 0), prompts=40, raters=30))
    together = analyse(
        study,
        study_tools.simulate_votes(rng, (0.2, 0), prompts=40, raters=30, rater_spread=1.5),
    )
    assert 0.5 < alone.pairs[0].inflation < 2
    assert together.pairs[0].inflation > 4


def test_a_model_that_won_every_vote_has_finite_ends(study_tools):
    votes = [
        Vote(
            rater=f"r{number % 4}",
            prompt=f"p{number % 5}",
            models=("m0", "m1"),
            outcomes=dict.fromkeys(("quality", "text", "overall"), WIN),
            first_left=True,
        )
        for number in range(20)
    ]
    found = analyse(study_tools.make_study(2), votes)
    pair = found.pairs[0]
    assert (pair.wins.share, pair.losses.share) == (1, 0)
    assert pair.wins.low == pytest.approx(20 / (20 + 1.959964**2))
    assert 0.5 < pair.preference.low <= pair.preference.high <= 1
    assert math.isfinite(found.strengths["quality"]["m0"].high)
    assert found.left.share == 1


def test_one_rater_gives_shares_and_no_clustered_interval(study_tools):
    rng = np.random.default_rng(3)
    found = analyse(study_tools.make_study(2), study_tools.simulate_votes(rng, (0, 0), raters=1))
    pair = found.pairs[0]
    assert pair.wins.low < pair.wins.high
    assert (pair.preference.low, pair.preference.high, pair.inflation) == (None, None, None)
    assert found.strengths["overall"]["m0"].low is None


def test_models_that_no_votes_link_get_no_strengths(study_tools):
    rng = np.random.default_rng(4)
    votes = study_tools.simulate_votes(rng, (0, 0))
    found = analyse(study_tools.make_study(3), votes)
    assert found.strengths == {}
    assert {(p.first, p.second) for p in found.pairs} == {("m0", "m1")}


def test_raters_who_prefer_a_side_are_seen(study_tools):
    rng = np.random.default_rng(5)
    votes = study_tools.simulate_votes(rng, (0, 0), prompts=30, raters=30)
    assert analyse(study_tools.make_study(2), votes).left.share == pytest.approx(0.5, abs=0.06)


def test_files_to_figures(tmp_path, study_tools):
    study = study_tools.make_study(2, num_prompts=8, num_sheets=4)
    save_study(study, tmp_path)
    rng = np.random.default_rng(6)

    def attentive(question, pair):
        if pair.kind != "models":
            return WIN if pair.kind == "damaged" else DRAW
        return int(rng.choice(3, p=(0.6, 0.2, 0.2)))

    for rater in range(12):
        answers = study_tools.answer_by_models(study, rater % 4, rater, attentive)
        write_answer_file(tmp_path / f"{rater}.json", study.study_id, answers)
    careless = study_tools.answer_by_models(study, 0, 99, lambda question, pair: LOSS)
    write_answer_file(tmp_path / "careless.json", study.study_id, careless)
    files = [path for path in tmp_path.glob("*.json") if path.name != "study.json"]
    found = analyse_study(tmp_path, files, AnalyseConfig())
    assert (found.collected.raters, found.collected.inattentive) == (12, 1)
    assert found.pairs[0].wins.count == 96
    assert found.pairs[0].decided.share == pytest.approx(0.75, abs=0.12)
    again = analyse_study(tmp_path, files, AnalyseConfig())
    assert again == found


def test_without_votes_it_says_what_became_of_them(tmp_path, study_tools):
    study = study_tools.make_study()
    save_study(study, tmp_path)
    careless = study_tools.answer_by_models(study, 0, 99, lambda question, pair: LOSS)
    path = write_answer_file(tmp_path / "a.json", study.study_id, careless)
    with pytest.raises(InputError, match="1 raters answered, 1 failed the checks"):
        analyse_study(tmp_path, [path], AnalyseConfig())
