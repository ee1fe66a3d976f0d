"""Who may vote on what: tokens, sheets, and requests that claim too much."""

import shutil
from http import HTTPStatus

import pytest

from hdvg.errors import InputError
from vfmodel.study.study_folder import load_study
from vfmodel.study.vote_desk import RefusedError, VoteDesk

GOOD = {"position": 0, "quality": "left", "text": "tie", "overall": "right", "seconds": 3.5}


@pytest.fixture
def desk(built, tmp_path):
    shutil.copytree(built, tmp_path / "study")
    desk = VoteDesk(tmp_path / "study", 5)
    yield desk
    desk.store.close()


def request(desk, joined, answers=None):
    head = {name: joined[name] for name in ("rater", "sheet", "token")}
    return {"study": desk.study.study_id, **head, "answers": answers or [GOOD]}


def test_a_rater_is_given_a_sheet_and_votes_on_it(desk):
    rater = desk.join({"study": desk.study.study_id})
    trials = desk.study.sheets[rater["sheet"]]
    assert [trial["prompt"] for trial in rater["trials"]] == [
        desk.study.pairs[trial.pair].prompt for trial in trials
    ]
    assert desk.vote(request(desk, rater, [GOOD, GOOD | {"position": 3}])) == {"saved": 2}
    [answers] = desk.store.read([len(sheet) for sheet in desk.study.sheets])
    assert [a.position for a in answers.answers] == [0, 3]


def test_what_was_shown_is_written_down_from_the_sheet(desk):
    rater = desk.join({"study": desk.study.study_id})
    desk.vote(request(desk, rater, [GOOD | {"left": "forged", "shown_left": "forged"}]))
    row = desk.store._connection.execute("SELECT shown_left, shown_right FROM votes").fetchone()
    left, right = desk.study.shown(desk.study.sheets[rater["sheet"]][0])
    assert row == (left.name, right.name)


def test_no_vote_is_taken_for_another_rater_or_sheet(desk):
    one, other = (desk.join({"study": desk.study.study_id}) for _ in range(2))
    assert one["sheet"] != other["sheet"]
    for forged in (
        {"rater": other["rater"]},
        {"sheet": other["sheet"]},
        {"token": other["token"]},
        {"token": None},
        {"token": ""},
        {"rater": "0" * 32},
    ):
        with pytest.raises(RefusedError, match="was not given this sheet") as refused:
            desk.vote(request(desk, one) | forged)
        assert refused.value.status == HTTPStatus.FORBIDDEN
    assert desk.store.count() == (2, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"answers": []},
        {"answers": [GOOD] * 101},
        {"answers": "x"},
        {"answers": [GOOD, GOOD | {"position": 99}]},
        {"answers": [GOOD, GOOD | {"quality": "x"}]},
        {"rater": "../../etc/passwd"},
        {"sheet": 99},
    ],
)
def test_a_bad_request_saves_nothing(desk, change):
    rater = desk.join({"study": desk.study.study_id})
    with pytest.raises(InputError):
        desk.vote(request(desk, rater) | change)
    assert desk.store.count() == (1, 0)


def test_a_page_of_another_study_is_told_so(desk):
    for call in (desk.join, desk.vote):
        with pytest.raises(RefusedError, match="another study") as refused:
            call({"study": "other"})
        assert refused.value.status == HTTPStatus.CONFLICT


def test_no_more_raters_than_wanted(desk):
    for _ in range(5):
        desk.join({"study": desk.study.study_id})
    with pytest.raises(RefusedError, match="all its raters"):
        desk.join({"study": desk.study.study_id})


def test_a_restart_knows_its_raters(desk, tmp_path):
    rater = desk.join({"study": desk.study.study_id})
    again = VoteDesk(tmp_path / "study", 5)
    assert again.vote(request(desk, rater)) == {"saved": 1}
    again.store.close()
    assert load_study(tmp_path / "study") == desk.study


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(InputError, match="not a study's folder"):
        VoteDesk(tmp_path, 5)
