"""Frechet distance between two Gaussians, squared: Dowson and Landau (1982).

    |mu_1 - mu_2|^2 + tr(S_1) + tr(S_2) - 2 tr((S_1^1/2 S_2 S_1^1/2)^1/2)

SciPy's `sqrtm` of the unsymmetric S_1 S_2, which most tools call, lost its `disp` in 1.18, is
complex for few samples, and slow. Here all roots are of symmetric matrices, in torch, in float64.
"""

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from vfmodel.evaluation.fvd.moments import covariance, mean, moments_of


def frechet_distance(first: Float64[Tensor, "D1 D1"], second: Float64[Tensor, "D1 D1"]) -> float:
    """Distance of two sets of features by their moments, each of two vectors at least."""
    return _add_up(
        mean(first) - mean(second),
        covariance(first).trace() + covariance(second).trace(),
        root_trace(covariance(first), covariance(second)),
    )


def frechet_of_features(first: Float[Tensor, "N D"], second: Float[Tensor, "M D"]) -> float:
    """The same distance from the features themselves.

    Below D vectors the covariances are singular, and the roots of eigenvalues that are nothing but
    round-off cost about 1e-7. The singular values of the centred features' product have none.
    """
    if min(len(first), len(second)) > first.shape[1]:
        return frechet_distance(moments_of(first), moments_of(second))
    one, two = first.double(), second.double()
    centred_one = (one - one.mean(dim=0)) / (len(one) - 1) ** 0.5
    centred_two = (two - two.mean(dim=0)) / (len(two) - 1) ** 0.5
    return _add_up(
        one.mean(dim=0) - two.mean(dim=0),
        centred_one.square().sum() + centred_two.square().sum(),
        torch.linalg.svdvals(centred_one @ centred_two.T).sum(),
    )


def root_trace(
    first: Float64[Tensor, "D D"], second: Float64[Tensor, "D D"]
) -> Float64[Tensor, ""]:
    """tr((S_1 S_2)^1/2) of two covariances."""
    values, vectors = torch.linalg.eigh(first)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    return torch.linalg.eigvalsh(root @ second @ root).clamp(min=0).sqrt().sum()


def _add_up(apart: Tensor, traces: Tensor, root: Tensor) -> float:
    # Round-off takes the distance of two equal sets to -1e-13 or so.
    return max(0.0, float(apart @ apart + traces - 2 * root))
