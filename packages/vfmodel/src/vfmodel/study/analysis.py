"""What an analysis is asked for, and the figures that it gives."""

from dataclasses import dataclass

from hdvg.errors import InputError
from vfmodel.evaluation.prompt_accuracy import Share
from vfmodel.study.collect_votes import Collected


@dataclass(frozen=True, kw_only=True)
class AnalyseConfig:
    """How votes are analysed."""

    min_checks_passed: float = 0.75
    """Raters who passed a smaller share of their attention checks are left out, in [0, 1]."""
    replicates: int = 2000
    """Bootstrap replicates."""
    seed: int = 0
    """Of the bootstrap."""

    def __post_init__(self) -> None:
        if not 0 <= self.min_checks_passed <= 1:
            raise InputError(f"min_checks_passed must be in [0, 1], got {self.min_checks_passed}")
        if not 100 <= self.replicates <= 1_000_000:
            raise InputError(f"replicates must be in 100..1000000, got {self.replicates}")
        if self.seed < 0:
            raise InputError(f"seed must be 0 or more, got {self.seed}")


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A figure with its 95 % interval, whose ends are None where too few prompts or raters voted.

    Attributes:
        value: The figure.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class PairResult:
    """Two models by one question.

    Attributes:
        question: One of `QUESTIONS`.
        first: A model.
        second: Its rival.
        wins: Votes for the first, as a share of all, with Wilson's interval.
        ties: Votes for neither, likewise.
        losses: Votes for the second, likewise.
        decided: Votes for the first among those for either; None without any.
        preference: Share of votes for the first, ties as one half, with an interval that is
            clustered by prompt and rater.
        inflation: How many times larger the votes' dependence made the variance of `preference`;
            None where that cannot be told.
    """

    question: str
    first: str
    second: str
    wins: Share
    ties: Share
    losses: Share
    decided: Share | None
    preference: Interval
    inflation: float | None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """All results.

    Attributes:
        study_id: Of which study.
        title: Its title.
        models: In the study's order.
        collected: Which votes counted.
        pairs: Each pair by each question.
        strengths: Question to model to Davidson's strength, a logarithm with mean 0; a question is
            missing where not all models are linked by votes.
        tie_readiness: Question to log(nu).
        left: Votes for the left side among those for either, overall preference.
        settings: What the analysis was asked for.
    """

    study_id: str
    title: str
    models: tuple[str, ...]
    collected: Collected
    pairs: list[PairResult]
    strengths: dict[str, dict[str, Interval]]
    tie_readiness: dict[str, float]
    left: Share | None
    settings: AnalyseConfig
