"""How often 95 % intervals of a human study hold, by three ways to make them.

python -m benchmarks.study_intervals [--json FILE]
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vfmodel.study.cluster_bootstrap import Floats, VoteTable, reach_of, spread_of

PROMPTS, RATERS, STUDIES, REPLICATES = 30, 24, 2000, 100
WAYS = ("clustered", "independent", "pigeonhole")


def share(counts: Floats) -> Floats:
    """Share of the votes for the first model."""
    return (counts[:, 1] / counts.sum(1))[:, None]


def draw_votes(rng: np.random.Generator, spread: float) -> npt.NDArray[np.bool_]:
    """Votes of each rater on each prompt; both shift the log odds, whose mean is 0."""
    shift = rng.normal(0, spread, (PROMPTS, 1)) + rng.normal(0, spread, (1, RATERS))
    return rng.random((PROMPTS, RATERS)) < 1 / (1 + np.exp(-shift))


def reaches(votes: npt.NDArray[np.bool_], rng: np.random.Generator) -> list[float]:
    """Half the length of each way's interval around the share of votes."""
    prompts, raters = np.indices(votes.shape)
    table = VoteTable(
        cells=votes.ravel().astype(int), prompts=prompts.ravel(), raters=raters.ravel(), num_cells=2
    )
    student = reach_of(table)
    [clustered] = spread_of(table, share, replicates=REPLICATES, generator=rng)
    by_prompt = rng.multinomial(PROMPTS, np.full(PROMPTS, 1 / PROMPTS), REPLICATES)
    by_rater = rng.multinomial(RATERS, np.full(RATERS, 1 / RATERS), REPLICATES)
    both = np.einsum("bp,pr,br->b", by_prompt, votes, by_rater) / votes.size
    alone = np.sqrt(votes.mean() * (1 - votes.mean()) / votes.size)
    return [student * clustered, 1.959964 * alone, student * both.std(ddof=1)]


def measure(spread: float) -> dict[str, float]:
    """Share of simulated studies whose interval holds the truth, by way."""
    rng = np.random.default_rng(0)
    held = np.zeros(len(WAYS))
    for _ in range(STUDIES):
        votes = draw_votes(rng, spread)
        held += abs(votes.mean() - 0.5) <= np.array(reaches(votes, rng))
    return dict(zip(WAYS, (held / STUDIES).tolist(), strict=True))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args()
    found = {f"spread {spread:g}": measure(spread) for spread in (0.0, 1.0)}
    for name, shares in found.items():
        print(name, *(f"{way} {100 * value:.1f} %" for way, value in shares.items()), sep="  ")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
