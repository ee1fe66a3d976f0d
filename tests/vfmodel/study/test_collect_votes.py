"""Answers on sides become votes on models; raters who did not look are left out."""

import pytest

from hdvg.errors import InputError
from vfmodel.study.answers import Answer, AnswerFile, write_answer_file
from vfmodel.study.collect_votes import DRAW, LOSS, WIN, judge_votes, read_all_answers
from vfmodel.study.study_folder import DAMAGED, MODELS
from vfmodel.study.vote_store import ShownAnswer, VoteStore


def careful(outcome):
    """Decides every pair of models alike and passes every check."""

    def judge(question, pair):
        if pair.kind == MODELS:
            return outcome
        return WIN if pair.kind == DAMAGED else DRAW

    return judge


@pytest.mark.parametrize("outcome", [WIN, DRAW, LOSS])
@pytest.mark.parametrize("sheet", [0, 1])
def test_sides_become_models_whichever_way_round_they_stood(study_tools, outcome, sheet):
    study = study_tools.make_study(3)
    answers = study_tools.answer_by_models(study, sheet, 1, careful(outcome))
    found = judge_votes(study, [answers], min_checks_passed=1.0)
    assert len(found.votes) == 9
    assert {vote.models for vote in found.votes} == {("m0", "m1"), ("m0", "m2"), ("m1", "m2")}
    assert all(set(vote.outcomes.values()) == {outcome} for vote in found.votes)
    sides = {vote.first_left for vote in found.votes}
    assert sides == {True, False}
    assert (found.raters, found.checks_passed, found.checks) == (1, 2, 2)
    assert found.seconds == 5


@pytest.mark.parametrize(
    ("judge", "passed"),
    [
        (lambda question, pair: WIN, 1),  # takes the damaged copy for worse, and sees differences
        (lambda question, pair: DRAW, 1),
        (lambda question, pair: LOSS, 0),
    ],
)
def test_a_rater_must_pass_the_share_of_checks_that_is_asked_for(study_tools, judge, passed):
    study = study_tools.make_study()
    answers = study_tools.answer_by_models(study, 0, 1, judge)
    for least in (0.0, 0.5, 1.0):
        found = judge_votes(study, [answers], min_checks_passed=least)
        kept = passed / 2 >= least
        assert (len(found.votes) > 0, found.inattentive) == (kept, int(not kept))


def test_a_rater_who_saw_no_check_is_counted_apart(study_tools):
    study = study_tools.make_study()
    whole = study_tools.answer_by_models(study, 0, 1, careful(WIN))
    early = AnswerFile(rater=whole.rater, sheet=0, answers=whole.answers[:2])
    found = judge_votes(study, [early], min_checks_passed=0.75)
    assert (found.votes, found.unchecked, found.inattentive) == ([], 1, 0)


def test_pairs_that_were_left_out_are_no_votes(study_tools):
    study = study_tools.make_study()
    whole = study_tools.answer_by_models(study, 0, 1, careful(WIN))
    skipped = Answer(position=0, choices=None, seconds=1.0)
    answers = AnswerFile(rater=whole.rater, sheet=0, answers=(skipped, *whole.answers[1:]))
    found = judge_votes(study, [answers], min_checks_passed=0.75)
    assert (len(found.votes), found.skipped) == (2, 1)


def test_database_and_files_are_read_and_nobody_counts_twice(tmp_path, study_tools):
    study = study_tools.make_study()
    store = VoteStore(tmp_path / "votes.sqlite", study.study_id)
    inside, outside, longer = (
        study_tools.answer_by_models(study, 0, rater, careful(WIN)) for rater in (1, 2, 1)
    )
    assert store.add_rater(inside.rater, 2, 9) == 0
    store.save(inside.rater, [ShownAnswer(answer=a, left="", right="") for a in inside.answers[:2]])
    store.close()
    (tmp_path / "sent").mkdir()
    write_answer_file(tmp_path / "sent/a.json", study.study_id, outside)
    write_answer_file(tmp_path / "sent/b.json", "other", outside)
    (tmp_path / "sent/c.json").write_text("{")
    write_answer_file(tmp_path / "d.json", study.study_id, longer)
    found, bad, repeated = read_all_answers(
        study, tmp_path, [tmp_path / "sent", tmp_path / "d.json"]
    )
    assert {each.rater: len(each.answers) for each in found} == {
        inside.rater: len(longer.answers),
        outside.rater: len(outside.answers),
    }
    assert repeated == 1
    assert [("b.json" in reason, "c.json" in reason) for reason in bad] == [
        (True, False),
        (False, True),
    ]


def test_a_path_that_does_not_exist_is_refused(tmp_path, study_tools):
    with pytest.raises(InputError, match=r"no such file of answers: .*nothing"):
        read_all_answers(study_tools.make_study(), tmp_path, [tmp_path / "nothing"])
