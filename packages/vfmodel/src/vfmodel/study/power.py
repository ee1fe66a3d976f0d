"""How many votes a study needs before it starts."""

import math
from dataclasses import dataclass
from statistics import NormalDist

from hdvg.errors import InputError


@dataclass(frozen=True, kw_only=True)
class PowerConfig:
    """What `vfmodel study power` is asked for."""

    win_share: float = 0.6
    """The share of decided votes for the better model that is to be told from one half, in (0.5,
    1)."""
    tie_share: float = 0.2
    """Votes for "no difference", which decide nothing, in [0, 1)."""
    power: float = 0.8
    """How probably the study is to find it, in (0, 1)."""
    alpha: float = 0.05
    """How probably it may find a difference where there is none, over all comparisons, in (0,
    1)."""
    comparisons: int = 1
    """Pairs of models times questions that are to be tested together; Bonferroni's correction."""
    votes_a_prompt: float = 1.0
    """Votes on each prompt for a pair of models; more than one are not independent."""
    votes_a_rater: float = 30.0
    """Votes of each rater on a pair of models; neither are these."""
    prompt_correlation: float = 0.1
    """Correlation of two votes on one prompt, in [0, 1); a guess made here; `analyse` reports the
    inflation that came out."""
    rater_correlation: float = 0.05
    """Correlation of two votes of one rater, in [0, 1); chosen here as above."""

    def __post_init__(self) -> None:
        if not 0.5 < self.win_share < 1:
            raise InputError(f"win_share must be above 0.5 and below 1, got {self.win_share}")
        for name in ("power", "alpha"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} must be in (0, 1), got {getattr(self, name)}")
        for name in ("tie_share", "prompt_correlation", "rater_correlation"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        for name in ("comparisons", "votes_a_prompt", "votes_a_rater"):
            if not 1 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be 1 or more, got {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class Needed:
    """What a study takes, for each pair of models.

    Attributes:
        independent_votes: Decided votes, if all were independent.
        inflation: How many times as many it takes since they are not.
        votes: Votes to collect, ties among them.
        prompts: Prompts that gives.
        raters: Raters that gives.
    """

    independent_votes: int
    inflation: float
    votes: int
    prompts: int
    raters: int


def plan_votes(config: PowerConfig) -> Needed:
    """Votes for a two-sided test of a share against one half.

    The normal approximation with the variance of each hypothesis (Fleiss, Statistical Methods for
    Rates and Proportions, section 2.2), times the design effect of two crossed clusters.
    """
    normal = NormalDist()
    alpha = config.alpha / config.comparisons
    share = config.win_share
    false_alarm = normal.inv_cdf(1 - alpha / 2) * 0.5
    miss = normal.inv_cdf(config.power) * math.sqrt(share * (1 - share))
    independent = ((false_alarm + miss) / (share - 0.5)) ** 2
    inflation = (
        1
        + (config.votes_a_prompt - 1) * config.prompt_correlation
        + (config.votes_a_rater - 1) * config.rater_correlation
    )
    votes = math.ceil(independent * inflation / (1 - config.tie_share))
    return Needed(
        independent_votes=math.ceil(independent),
        inflation=inflation,
        votes=votes,
        prompts=math.ceil(votes / config.votes_a_prompt),
        raters=math.ceil(votes / config.votes_a_rater),
    )
