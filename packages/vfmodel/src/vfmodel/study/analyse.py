"""What the votes of a study say, with intervals."""

import math
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np

from hdvg.errors import InputError
from vfmodel.evaluation.prompt_accuracy import Share, wilson
from vfmodel.study.analysis import AnalyseConfig, Analysis, Interval, PairResult
from vfmodel.study.answers import QUESTIONS
from vfmodel.study.cluster_bootstrap import Floats, VoteTable, reach_of, spread_of
from vfmodel.study.collect_votes import (
    DRAW,
    LOSS,
    WIN,
    Collected,
    Vote,
    judge_votes,
    read_all_answers,
)
from vfmodel.study.davidson import are_linked, fit_davidson
from vfmodel.study.study_folder import Study, load_study


def analyse_study(folder: Path, files: Iterable[Path], config: AnalyseConfig) -> Analysis:
    """Reads a study's votes and analyses them.

    Args:
        folder: The study, with the database that `serve` made, if it was served.
        files: Files of answers, or folders of such files.
        config: How.

    Raises:
        InputError: Not a study, or no vote counts.
    """
    study = load_study(folder)
    answers, bad_files, repeated = read_all_answers(study, folder, files)
    collected = judge_votes(
        study,
        answers,
        min_checks_passed=config.min_checks_passed,
        bad_files=bad_files,
        repeated=repeated,
    )
    if not collected.votes:
        raise InputError(
            f"no votes that count in {folder}: {len(answers)} raters answered,"
            f" {collected.inattentive} failed the checks, {collected.unchecked} answered none,"
            f" {len(bad_files)} files cannot be used"
        )
    return analyse_votes(study, collected, config)


def analyse_votes(study: Study, collected: Collected, config: AnalyseConfig) -> Analysis:
    """The figures of votes that count; at least one."""
    votes = collected.votes
    met = {vote.models for vote in votes}
    names = [pair for pair in combinations(study.models, 2) if pair in met]
    generator = np.random.default_rng(config.seed)
    pairs: list[PairResult] = []
    strengths: dict[str, dict[str, Interval]] = {}
    tie_readiness = {}
    for question in QUESTIONS:
        table = _tabulate(votes, question, names)
        pairs += _compare_pairs(table, question, names, config, generator)
        numbers = [(study.models.index(a), study.models.index(b)) for a, b in names]
        if are_linked(numbers, len(study.models)):
            fitted, tie_readiness[question] = _rank(
                table, numbers, len(study.models), config, generator
            )
            strengths[question] = dict(zip(study.models, fitted, strict=True))
    return Analysis(
        study_id=study.study_id,
        title=study.title,
        models=study.models,
        collected=collected,
        pairs=pairs,
        strengths=strengths,
        tie_readiness=tie_readiness,
        left=_count_left(votes),
        settings=config,
    )


def _tabulate(votes: list[Vote], question: str, names: list[tuple[str, str]]) -> VoteTable:
    prompts = {name: number for number, name in enumerate({vote.prompt: 0 for vote in votes})}
    raters = {name: number for number, name in enumerate({vote.rater: 0 for vote in votes})}
    return VoteTable(
        cells=np.array([3 * names.index(vote.models) + vote.outcomes[question] for vote in votes]),
        prompts=np.array([prompts[vote.prompt] for vote in votes]),
        raters=np.array([raters[vote.rater] for vote in votes]),
        num_cells=3 * len(names),
    )


def _compare_pairs(
    table: VoteTable,
    question: str,
    names: list[tuple[str, str]],
    config: AnalyseConfig,
    generator: np.random.Generator,
) -> list[PairResult]:
    results = []
    for number, (first, second) in enumerate(names):
        chosen = table.cells // 3 == number
        own = VoteTable(
            cells=table.cells[chosen] % 3,
            prompts=table.prompts[chosen],
            raters=table.raters[chosen],
            num_cells=3,
        )
        counts = own.count()
        wins, ties, losses = (int(counts[0, outcome]) for outcome in (WIN, DRAW, LOSS))
        total = wins + ties + losses
        [spread] = spread_of(
            own, _log_odds, replicates=config.replicates, generator=generator
        ).tolist()
        centre = float(_log_odds(counts)[0, 0])
        low, high = _ends(centre, spread, reach_of(own))
        results.append(
            PairResult(
                question=question,
                first=first,
                second=second,
                wins=wilson(wins, total),
                ties=wilson(ties, total),
                losses=wilson(losses, total),
                decided=wilson(wins, wins + losses) if wins + losses else None,
                preference=Interval(
                    value=(wins + ties / 2) / total,
                    low=None if low is None else _share(low),
                    high=None if high is None else _share(high),
                ),
                inflation=_inflation(counts[0], spread),
            )
        )
    return results


def _log_odds(counts: Floats) -> Floats:
    """Log odds of the first, ties as one half; half a vote for either keeps them finite."""
    for_first = counts[:, WIN] + counts[:, DRAW] / 2 + 0.5
    for_second = counts[:, LOSS] + counts[:, DRAW] / 2 + 0.5
    return np.log(for_first / for_second)[:, None]


def _inflation(counts: Floats, spread: float) -> float | None:
    """The variance as it is, over that of independent votes by the delta method."""
    total = counts.sum() + 1
    mean = (counts[WIN] + counts[DRAW] / 2 + 0.5) / total
    square = (counts[WIN] + counts[DRAW] / 4 + 0.5) / total
    independent = (square - mean**2) / total / (mean * (1 - mean)) ** 2
    ratio = spread**2 / independent if independent > 0 else math.nan
    return float(ratio) if math.isfinite(ratio) else None


def _rank(
    table: VoteTable,
    numbers: list[tuple[int, int]],
    num_models: int,
    config: AnalyseConfig,
    generator: np.random.Generator,
) -> tuple[list[Interval], float]:
    def fit(counts: Floats) -> Floats:
        return fit_davidson(counts.reshape(len(counts), -1, 3), numbers, num_models)

    [fitted] = fit(table.count()).tolist()
    spreads = spread_of(table, fit, replicates=config.replicates, generator=generator).tolist()
    reach = reach_of(table)
    intervals = []
    for value, spread in zip(fitted[:-1], spreads[:-1], strict=True):
        low, high = _ends(value, spread, reach)
        intervals.append(Interval(value=value, low=low, high=high))
    return intervals, fitted[-1]


def _ends(centre: float, spread: float, reach: float) -> tuple[float | None, float | None]:
    if not math.isfinite(spread):
        return None, None
    return centre - reach * spread, centre + reach * spread


def _share(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _count_left(votes: list[Vote]) -> Share | None:
    decided = [vote for vote in votes if vote.outcomes["overall"] != DRAW]
    lefts = sum((vote.outcomes["overall"] == WIN) == vote.first_left for vote in decided)
    return wilson(lefts, len(decided)) if decided else None
