"""Gathers answers from the database and from files, and judges who paid attention."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hdvg.errors import InputError
from vfmodel.study.answers import LEFT, TIE, Answer, AnswerFile, read_answer_file
from vfmodel.study.study_folder import DAMAGED, MODELS, VOTES_FILE, Pair, Study, Trial
from vfmodel.study.vote_store import VoteStore

WIN, DRAW, LOSS = 0, 1, 2
"""Outcomes for the first model of a pair."""


@dataclass(frozen=True, kw_only=True)
class Vote:
    """One rater on one pair of models.

    Attributes:
        rater: Who.
        prompt: On what.
        models: The pair's models, first and second.
        outcomes: Question to `WIN`, `DRAW` or `LOSS` of the first.
        first_left: Whether the first model's video stood on the left.
    """

    rater: str
    prompt: str
    models: tuple[str, str]
    outcomes: dict[str, int]
    first_left: bool


@dataclass(frozen=True, kw_only=True)
class Collected:
    """Votes that count, and what became of the others.

    Attributes:
        votes: Of raters who paid attention.
        raters: How many raters these are.
        inattentive: Raters who failed too many checks, left out.
        unchecked: Raters who answered no check although there are some, left out.
        skipped: Pairs that raters who count left out because a video did not play.
        checks_passed: Checks that raters who count passed.
        checks: Checks that they answered.
        seconds: Median seconds that they took for a pair.
        bad_files: Files of answers that cannot be used, each with the reason.
        repeated: Raters of whom there was more than one file, or a file beside the database.
    """

    votes: list[Vote] = field(default_factory=list)
    raters: int = 0
    inattentive: int = 0
    unchecked: int = 0
    skipped: int = 0
    checks_passed: int = 0
    checks: int = 0
    seconds: float = 0.0
    bad_files: list[str] = field(default_factory=list)
    repeated: int = 0


def read_all_answers(
    study: Study, folder: Path, files: Iterable[Path]
) -> tuple[list[AnswerFile], list[str], int]:
    """Answers of the study's database and of files, one entry a rater.

    Args:
        study: The study.
        folder: Its folder.
        files: Files of answers, and folders of such files.

    Returns:
        The answers, files that cannot be used with the reason, and raters who came twice, of whom
        the longer list of answers is taken.

    Raises:
        InputError: The database cannot be read, or a path does not exist.
    """
    lengths = [len(sheet) for sheet in study.sheets]
    found: list[AnswerFile] = []
    if (folder / VOTES_FILE).is_file():
        store = VoteStore(folder / VOTES_FILE, study.study_id)
        try:
            found += store.read(lengths)
        finally:
            store.close()
    bad = []
    for path in _spread(files):
        try:
            found.append(read_answer_file(path, study.study_id, lengths))
        except InputError as error:
            bad.append(str(error))
    by_rater: dict[str, AnswerFile] = {}
    for answers in found:
        before = by_rater.get(answers.rater)
        if before is None or len(before.answers) < len(answers.answers):
            by_rater[answers.rater] = answers
    return list(by_rater.values()), bad, len(found) - len(by_rater)


def judge_votes(
    study: Study,
    answers: Iterable[AnswerFile],
    *,
    min_checks_passed: float,
    bad_files: Iterable[str] = (),
    repeated: int = 0,
) -> Collected:
    """Turns answers on left and right into votes on models.

    Args:
        study: The key.
        answers: One entry a rater.
        min_checks_passed: The share of the checks answered that a rater has to pass, in [0, 1].
        bad_files: For the record.
        repeated: For the record.
    """
    has_checks = any(pair.kind != MODELS for pair in study.pairs)
    kept: list[AnswerFile] = []
    passed = checks = inattentive = unchecked = 0
    for each in answers:
        verdicts = _judge_checks(study, each)
        if has_checks and not verdicts:
            unchecked += 1
        elif sum(verdicts) < min_checks_passed * len(verdicts):
            inattentive += 1
        else:
            passed, checks = passed + sum(verdicts), checks + len(verdicts)
            kept.append(each)
    votes = [vote for each in kept for vote in _read_votes(study, each)]
    seconds = sorted(answer.seconds for each in kept for answer in each.answers)
    return Collected(
        votes=votes,
        raters=len({vote.rater for vote in votes}),
        inattentive=inattentive,
        unchecked=unchecked,
        skipped=sum(answer.choices is None for each in kept for answer in each.answers),
        checks_passed=passed,
        checks=checks,
        seconds=seconds[len(seconds) // 2] if seconds else 0.0,
        bad_files=list(bad_files),
        repeated=repeated,
    )


def _look_up(study: Study, sheet: int, answer: Answer) -> tuple[Trial, Pair]:
    trial = study.sheets[sheet][answer.position]
    return trial, study.pairs[trial.pair]


def _judge_checks(study: Study, each: AnswerFile) -> list[bool]:
    """Whether each check that was answered was passed; what counts is the video quality."""
    verdicts = []
    for answer in each.answers:
        trial, pair = _look_up(study, each.sheet, answer)
        if pair.kind == MODELS or answer.choices is None:
            continue
        outcome = _outcome(answer.choices["quality"], trial)
        verdicts.append(outcome == (WIN if pair.kind == DAMAGED else DRAW))
    return verdicts


def _read_votes(study: Study, each: AnswerFile) -> list[Vote]:
    votes = []
    for answer in each.answers:
        trial, pair = _look_up(study, each.sheet, answer)
        if pair.kind != MODELS or answer.choices is None:
            continue
        votes.append(
            Vote(
                rater=each.rater,
                prompt=pair.prompt,
                models=(pair.first.model, pair.second.model),
                outcomes={name: _outcome(said, trial) for name, said in answer.choices.items()},
                first_left=not trial.swapped,
            )
        )
    return votes


def _outcome(choice: str, trial: Trial) -> int:
    if choice == TIE:
        return DRAW
    return WIN if (choice == LEFT) != trial.swapped else LOSS


def _spread(files: Iterable[Path]) -> list[Path]:
    spread = []
    for path in files:
        if path.is_dir():
            spread += sorted(path.glob("*.json"))
        elif path.is_file():
            spread.append(path)
        else:
            raise InputError(f"no such file of answers: {path}")
    return spread
