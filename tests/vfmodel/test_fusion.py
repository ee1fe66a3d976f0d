import pytest
import torch
from torch import nn

from vfmodel.fusion import Fuse, TemporalSkip


def test_fuse_is_addition_at_first_bit_for_bit():
    x, y = torch.randn(2, 3, 16, 5, 7).unbind()
    assert torch.equal(Fuse(16)(x, y), x + y)


def test_fuse_is_a_convolution_over_the_concatenation():
    fuse = Fuse(6).double()
    nn.init.normal_(fuse.weight)
    nn.init.normal_(fuse.bias)
    x, y = torch.randn(2, 3, 6, 5, 7, dtype=torch.float64).unbind()
    reference = nn.Conv2d(12, 6, 1).double()
    reference.load_state_dict(fuse.state_dict())
    torch.testing.assert_close(fuse(x, y), reference(torch.cat([x, y], 1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(3, 6), (12, 22), (5, 11)])
def test_skip_adds_nothing_at_first_and_fits_any_size(size):
    skip = TemporalSkip(4, 6)
    assert torch.equal(skip(torch.randn(2, 4, 6, 11), size), torch.zeros(2, 6, *size))


def test_skip_averages_down_and_repeats_up():
    skip = TemporalSkip(1, 1)
    nn.init.ones_(skip.proj.weight)
    motion = torch.arange(16.0).view(1, 1, 4, 4)
    means = torch.tensor([[2.5, 4.5], [10.5, 12.5]])
    torch.testing.assert_close(skip(motion, (2, 2))[0, 0], means)
    nearest = TemporalSkip(1, 1, "nearest")
    nn.init.ones_(nearest.proj.weight)
    torch.testing.assert_close(nearest(motion, (2, 2)), motion[..., ::2, ::2])
    repeated = motion.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    torch.testing.assert_close(skip(motion, (8, 8)), repeated)
