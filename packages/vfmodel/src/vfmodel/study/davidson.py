"""Bradley-Terry strengths where ties are answers: the model of Davidson (1970).

With strengths s (logarithms) and the readiness to tie log(nu),

    P(i wins) : P(tie) : P(j wins) = exp(s_i) : nu * exp((s_i + s_j) / 2) : exp(s_j),

a multinomial logit that is linear in its parameters, so the likelihood has one maximum and Newton's
method finds it. Davidson's and not Rao and Kupper's: there a tie tells something about the
strengths that depends on the model alone, here the ratio of wins is the ratio of strengths whatever
the ties.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_MAX_STEPS = 60
_MAX_STEP = 2.0
_TOLERANCE = 1e-9


def fit_davidson(counts: Floats, pairs: list[tuple[int, int]], num_models: int) -> Floats:
    """Fits many tables of votes at once.

    Each compared pair gets votes that nobody cast, equally many of each outcome and as many
    in all as take the first-order bias away from two models' log odds (Haldane's half vote). They
    keep strengths finite where a model has won every vote, and weigh less than one vote a model.

    Args:
        counts: Wins of the first, ties and wins of the second, [tables, pairs, 3].
        pairs: The models of each pair, all of them linked by some chain of pairs.
        num_models: How many models.

    Returns:
        [tables, num_models + 1]: strengths with mean 0, and last log(nu).
    """
    design = _make_design(pairs, num_models)
    num_parameters = design.shape[2]
    votes = counts + num_parameters / (4 * len(pairs))
    totals = votes.sum(2)
    parameters = np.zeros((len(votes), num_parameters))
    for _ in range(_MAX_STEPS):
        logits = np.einsum("pok,bk->bpo", design, parameters)
        odds = np.exp(logits - logits.max(2, keepdims=True))
        chances = odds / odds.sum(2, keepdims=True)
        gradient = np.einsum("pok,bpo->bk", design, votes - totals[:, :, None] * chances)
        means = np.einsum("pok,bpo->bpk", design, chances)
        second = np.einsum("pok,pol,bpo,bp->bkl", design, design, chances, totals)
        curvature = second - np.einsum("bpk,bpl,bp->bkl", means, means, totals)
        step = np.linalg.solve(curvature, gradient[:, :, None])[:, :, 0]
        longest = np.abs(step).max(1, keepdims=True)
        parameters += step * np.minimum(1.0, _MAX_STEP / np.maximum(longest, 1e-30))
        if longest.max() < _TOLERANCE:
            break
    strengths = np.concatenate([np.zeros((len(votes), 1)), parameters[:, :-1]], 1)
    strengths -= strengths.mean(1, keepdims=True)
    return np.concatenate([strengths, parameters[:, -1:]], 1)


def are_linked(pairs: list[tuple[int, int]], num_models: int) -> bool:
    """Whether chains of pairs lead from every model to every other one."""
    reached, size = {0}, 0
    while len(reached) > size:
        size = len(reached)
        reached |= {model for pair in pairs if reached & set(pair) for model in pair}
    return len(reached) == num_models


def _make_design(pairs: list[tuple[int, int]], num_models: int) -> Floats:
    """How each outcome's logit depends on the strengths but the first, which is 0, and log(nu)."""
    design = np.zeros((len(pairs), 3, num_models + 1))
    for row, (first, second) in enumerate(pairs):
        design[row, 0, first] = 1
        design[row, 1, [first, second]] = 0.5
        design[row, 1, num_models] = 1
        design[row, 2, second] = 1
    return design[:, :, 1:]
