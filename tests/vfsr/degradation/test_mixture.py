import math

import pytest
import torch

from hdvg.errors import InputError
from vfsr.degradation.config import DegradationConfig, StageConfig
from vfsr.degradation.mixture import DegradationShare, check_mixture, sample_mixture
from vfsr.degradation.params import sample_params
from vfsr.degradation.replay import to_rows


def share(quality, weight=1.0, **knobs):
    """A degradation that is known by its JPEG quality."""
    stage = StageConfig(jpeg_range=(quality, quality))
    return DegradationShare(
        preset="own", own=DegradationConfig(first=stage, **knobs), weight=weight
    )


def test_shares_follow_their_weights():
    n = 4000
    mixture = [share(30.0, 1.0), share(60.0, 2.0), share(90.0, 5.0)]
    drawn = sample_mixture(torch.Generator().manual_seed(1), n, mixture)
    for quality, probability in ((30, 1 / 8), (60, 2 / 8), (90, 5 / 8)):
        count = int((drawn.first.jpeg_quality == quality).sum())
        sigma = math.sqrt(n * probability * (1 - probability))
        assert abs(count - n * probability) < 4 * sigma


def test_an_image_has_all_its_draws_from_one_degradation():
    mixture = [share(30.0, reconstruct_prob=1.0), share(90.0, jpeg_last_prob=0.0)]
    drawn = sample_mixture(torch.Generator().manual_seed(2), 200, mixture)
    assert torch.equal(drawn.reconstruct, drawn.first.jpeg_quality == 30)
    assert not drawn.jpeg_last[~drawn.reconstruct].any()
    # No two images share their noise, whichever degradation they have.
    assert len(set(drawn.first.noise_seed.tolist())) == 200


def test_a_mixture_of_one_draws_as_that_one():
    generator = torch.Generator().manual_seed(3)
    torch.rand(5, generator=generator, dtype=torch.float64)  # which one, of one
    alone = sample_params(generator, 5, DegradationConfig.light())
    mixed = sample_mixture(torch.Generator().manual_seed(3), 5, [DegradationShare(preset="light")])
    assert to_rows(mixed) == to_rows(alone)


@pytest.mark.parametrize(
    ("knobs", "message"),
    [({"weight": 0.0}, "weight must be above 0 and finite, got 0"),
     ({"weight": math.inf}, "weight .* got inf"),
     ({"preset": "light", "own": DegradationConfig.light()}, "need preset \"own\", got 'light'")],
)  # fmt: skip
def test_a_bad_share_is_refused(knobs, message):
    with pytest.raises(InputError, match=message):
        DegradationShare(**knobs)


def test_what_cannot_be_mixed_is_refused():
    with pytest.raises(InputError, match=r"one scale, got \[2, 4\]"):
        check_mixture([share(50.0), share(50.0, scale=2)])


def test_a_share_survives_a_safe_load(tmp_path):
    torch.save(share(50.0), tmp_path / "s.pt")
    assert torch.load(tmp_path / "s.pt", weights_only=True) == share(50.0)
