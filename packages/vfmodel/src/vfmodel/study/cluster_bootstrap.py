"""Intervals for votes that are not independent: a prompt's votes are alike, and so are a rater's.

Resampling single votes takes them for independent and gives intervals that are too short. The
variance is put together from three bootstraps, as Cameron, Gelbach and Miller (2011) put together
two-way clustered variances: resampled prompts plus resampled raters minus resampled votes, since
the first two both hold what is independent. Resampling prompts and raters in one go instead
(Owen's pigeonhole bootstrap) counts that part three times.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class VoteTable:
    """Votes as numbers.

    Attributes:
        cells: What each vote was, as the number of a cell, [votes].
        prompts: Number of its prompt, [votes].
        raters: Number of its rater, [votes].
        num_cells: How many cells there are.
    """

    cells: Ints
    prompts: Ints
    raters: Ints
    num_cells: int

    def count(self) -> Floats:
        """Votes in each cell, [1, num_cells]."""
        return np.bincount(self.cells, minlength=self.num_cells).astype(float)[None]


def spread_of(
    table: VoteTable,
    statistic: Callable[[Floats], Floats],
    *,
    replicates: int,
    generator: np.random.Generator,
) -> Floats:
    """Standard errors of statistics of the counts.

    Args:
        table: The votes.
        statistic: Counts [tables, num_cells] to finite values [tables, statistics].
        replicates: Resampled tables for each of the three bootstraps.
        generator: Randomness.

    Returns:
        [statistics]; never less than either clustering alone gives. NaN with less than two prompts
        or two raters: nothing can be said then of others.
    """
    by_prompt = _spread_by(table, table.prompts, statistic, replicates, generator)
    by_rater = _spread_by(table, table.raters, statistic, replicates, generator)
    singly = generator.multinomial(
        len(table.cells), table.count()[0] / len(table.cells), replicates
    ).astype(float)
    alone = np.var(statistic(singly), axis=0, ddof=1)
    variance = np.maximum(by_prompt + by_rater - alone, np.maximum(by_prompt, by_rater))
    spread: Floats = np.sqrt(variance)
    return spread


def _spread_by(
    table: VoteTable,
    clusters: Ints,
    statistic: Callable[[Floats], Floats],
    replicates: int,
    generator: np.random.Generator,
) -> Floats:
    """Variance [statistics] when whole clusters are drawn anew, with replacement."""
    _, numbers = np.unique(clusters, return_inverse=True)
    count = int(numbers.max()) + 1
    if count < 2:
        return np.full(statistic(table.count()).shape[1], np.nan)
    counts = np.zeros((count, table.num_cells))
    np.add.at(counts, (numbers, table.cells), 1.0)
    weights = generator.multinomial(count, np.full(count, 1 / count), replicates)
    values = statistic(weights @ counts)
    variance: Floats = np.var(values, axis=0, ddof=1) * count / (count - 1)
    return variance


def t_quantile(probability: float, degrees: int) -> float:
    """Student's quantile by the first terms of its series in 1/degrees (Fisher and Cornish, 1960).

    Off by less than 1 % from 4 degrees of freedom on.

    Args:
        probability: In (0, 1).
        degrees: Degrees of freedom, above 0.
    """
    z = NormalDist().inv_cdf(probability)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return sum(term / degrees**power for power, term in enumerate(terms))


def reach_of(table: VoteTable, level: float = 0.95) -> float:
    """How many standard errors an interval reaches: Student's, by the scarcer kind of cluster."""
    degrees = min(len(np.unique(table.prompts)), len(np.unique(table.raters))) - 1
    return t_quantile((1 + level) / 2, max(1, degrees))
