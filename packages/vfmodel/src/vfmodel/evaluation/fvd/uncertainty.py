"""How sure a Frechet distance is, and what it would be without its bias by the number of videos.

The distance of N videos from N others of the same kind is not 0 but about a / N, and two figures of
different N cannot be compared.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from vfmodel.evaluation.fvd.frechet import frechet_distance, frechet_of_features
from vfmodel.evaluation.fvd.moments import moments_of

# Two-sided 95 %.
_TAILS = (0.025, 0.975)
# Into how many parts both sets are cut for the extrapolation, and how often; chosen here: with more
# parts than 4 the law a / N bends, and one cut's chance is halved by four.
_PARTS = (1, 2, 3, 4)
_CUTS = 4


def frechet_interval(
    first: Float[Tensor, "N D"], second: Float[Tensor, "M D"], num_resamples: int
) -> tuple[float, float]:
    """Bootstrap 95 % interval of the distance at these numbers of videos.

    A resample holds about 63 % of the videos, so its bias is larger and its percentiles lie above
    the distance itself. Only their spread about their mean is taken, laid around the distance.

    Args:
        first: Features of one set; their order does not matter.
        second: Of the other.
        num_resamples: Of both sets each; 200 is enough for two digits of the width.
    """
    one, two = _in_order(first), _in_order(second)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.tensor(
        [
            frechet_of_features(_resample(one, generator), _resample(two, generator))
            for _ in range(num_resamples)
        ],
        dtype=torch.float64,
    )
    spread = torch.quantile(drawn - drawn.mean(), torch.tensor(_TAILS, dtype=torch.float64))
    low, high = (frechet_of_features(one, two) + spread).tolist()
    return max(0.0, low), high


def extrapolate(first: Float[Tensor, "N D"], second: Float[Tensor, "M D"]) -> float | None:
    """The distance at infinitely many videos, after Chong and Forsyth (2020).

    Both sets are cut into 1 to 4 parts. The bias of a part grows with the number of parts, and a
    straight line through the distances is read off at none.

    Returns:
        None for fewer than 2 D + 2 videos, where the bias follows no such law. It may be below 0,
        by chance.
    """
    one, two = _in_order(first), _in_order(second)
    enough = min(len(one), len(two))
    parts = [count for count in _PARTS if enough // count > one.shape[1]]
    if len(parts) < 2:
        return None
    generator = torch.Generator().manual_seed(0)
    distances = [_mean_distance(one, two, count, generator) for count in parts]
    rows = torch.tensor([[1.0, float(count)] for count in parts], dtype=torch.float64)
    wanted = torch.tensor(distances, dtype=torch.float64).unsqueeze(1)
    return float(torch.linalg.lstsq(rows, wanted).solution[0])


def _mean_distance(one: Tensor, two: Tensor, parts: int, generator: torch.Generator) -> float:
    distances = []
    for _ in range(_CUTS if parts > 1 else 1):
        shuffled = (
            values[torch.randperm(len(values), generator=generator)] for values in (one, two)
        )
        cut = (values[: len(values) // parts * parts].chunk(parts) for values in shuffled)
        distances += [
            frechet_distance(moments_of(left), moments_of(right))
            for left, right in zip(*cut, strict=True)
        ]
    return sum(distances) / len(distances)


def _resample(values: Tensor, generator: torch.Generator) -> Tensor:
    return values[torch.randint(len(values), (len(values),), generator=generator)]


def _in_order(values: Tensor) -> Tensor:
    """Sorted, so that nothing depends on which process saw which video."""
    plain = values.detach().double().cpu()
    for column in range(min(plain.shape[1], 3) - 1, -1, -1):
        plain = plain[plain[:, column].argsort(stable=True)]
    return plain
