"""How far off the mean of some videos' scores may be from that of all such videos."""

import torch
from jaxtyping import Float
from torch import Tensor

# Two-sided 95 %.
_TAILS = (0.025, 0.975)
# Ends of an interval from this many resamples shake by a fiftieth of its width; chosen here.
_RESAMPLES = 2000


def mean_interval(scores: Float[Tensor, "N"]) -> tuple[float, float] | None:
    """Bootstrap 95 % interval of the mean (percentiles); None for fewer than two scores.

    Does not depend on the order of the scores, and so not on which process saw which video.
    """
    values = scores.detach().double().cpu().sort().values
    count = len(values)
    if count < 2:
        return None
    generator = torch.Generator().manual_seed(0)
    means = torch.stack(
        [
            values[torch.randint(count, (count,), generator=generator)].mean()
            for _ in range(_RESAMPLES)
        ]
    )
    low, high = torch.quantile(means, torch.tensor(_TAILS, dtype=means.dtype)).tolist()
    return low, high
