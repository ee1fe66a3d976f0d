"""Frechet distance of features: time and error of ours, SciPy's sqrtm and torchmetrics' roots.

    python -m benchmarks.frechet_distance [--json FILE]

The second set is the first one times 1.1 and shifted, so the distance is known:
|shift of the means|^2 + 0.01 tr(S). Expected before: with fewer videos than features sqrtm is
slowest by far and complex, and loses digits in the roots of eigenvalues that are round-off; with
many videos all agree, and ours is a few times faster.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from scipy import linalg
from torch import Tensor
from torchmetrics.image.fid import _compute_fid

from vfmodel.evaluation.fvd.frechet import frechet_of_features

NUM_FEATURES, VIDEOS, ROUNDS, SCALE = 400, (200, 2048), 3, 1.1


def by_sqrtm(first: Tensor, second: Tensor) -> float:
    """What most tools do: the root of the unsymmetric product, and its real part."""
    one, two = (np.cov(features.numpy().T) for features in (first, second))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        root = linalg.sqrtm(one @ two).real.trace()
    apart = (first.mean(dim=0) - second.mean(dim=0)).square().sum()
    return float(apart) + float(one.trace() + two.trace() - 2 * root)


def by_eigenvalues(first: Tensor, second: Tensor) -> float:
    """torchmetrics: eigenvalues of the unsymmetric product."""
    means = first.mean(dim=0), second.mean(dim=0)
    return float(_compute_fid(means[0], first.T.cov(), means[1], second.T.cov()))


WAYS: dict[str, Callable[[Tensor, Tensor], float]] = {
    "ours": frechet_of_features,
    "scipy sqrtm": by_sqrtm,
    "torchmetrics eigvals": by_eigenvalues,
}


def compare(count: int) -> list[dict[str, str | float]]:
    """CPU-milliseconds (the best of some rounds, taken in turn) and relative errors."""
    generator = torch.Generator().manual_seed(0)
    spectrum = torch.arange(1, NUM_FEATURES + 1).double() ** -0.5
    first = torch.randn(count, NUM_FEATURES, generator=generator, dtype=torch.float64) * spectrum
    second = SCALE * first + 0.01
    shift = (second.mean(dim=0) - first.mean(dim=0)).square().sum()
    true = float(shift + (SCALE - 1) ** 2 * first.var(dim=0).sum())
    best = dict.fromkeys(WAYS, float("inf"))
    found = dict.fromkeys(WAYS, 0.0)
    for _ in range(ROUNDS):
        for name, way in WAYS.items():
            begun_s = time.process_time()
            found[name] = way(first, second)
            best[name] = min(best[name], time.process_time() - begun_s)
    return [
        {"videos": count, "way": name, "cpu_ms": 1e3 * best[name], "error": abs(v / true - 1)}
        for name, v in found.items()
    ]


def main() -> None:
    """Prints a table of all ways."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = [row for count in VIDEOS for row in compare(count)]
    for row in rows:
        print(f"{row['videos']:>6} {row['way']:<22} {row['cpu_ms']:>8.1f} ms {row['error']:.1e}")
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
