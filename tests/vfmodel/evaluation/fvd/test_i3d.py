"""I3D's shape, against the paper's tables, and its padding against TensorFlow's rule by hand."""

import pytest
import torch
from torch.nn import functional

from vfmodel.evaluation.fvd.i3d import I3D, Mixed, Pool, Unit, pad_same


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return I3D().eval().requires_grad_(False)


def test_it_has_as_many_weights_as_the_published_one(network):
    assert sum(parameter.numel() for parameter in network.parameters()) == 12_697_264


def test_its_weights_are_called_as_in_the_files(network):
    names = set(network.state_dict())
    assert len(names) == 344
    assert names > {
        "Conv3d_1a_7x7.conv3d.weight",
        "Conv3d_1a_7x7.bn.running_mean",
        "Conv3d_2b_1x1.bn.bias",
        "Mixed_3b.b1a.conv3d.weight",
        "Mixed_4f.b2b.bn.running_var",
        "Mixed_5c.b3b.bn.num_batches_tracked",
        "logits.conv3d.bias",
    }
    assert not [name for name in names if "Pool" in name or "b3a" in name]


def test_a_clip_has_400_features_whatever_lies_beside_it(network):
    clips = torch.rand(2, 3, 9, 224, 224, generator=torch.Generator().manual_seed(0)) * 2 - 1
    both = network(clips)
    assert both.shape == (2, 400)
    assert both[0].std() > 0
    torch.testing.assert_close(network(clips[1:]), both[1:], rtol=1e-4, atol=1e-6)


def test_no_fewer_frames_than_nine_reach_the_last_pool(network):
    with pytest.raises(RuntimeError, match="T: 1"):
        network(torch.zeros(1, 3, 8, 224, 224))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "margins"),
    [
        (224, 7, 2, (2, 3)),
        (112, 3, 2, (0, 1)),
        (9, 7, 2, (3, 3)),
        (5, 2, 2, (0, 1)),
        (8, 1, 1, (0, 0)),
    ],
)
def test_zeros_are_added_as_tensorflow_adds_them(size, kernel, stride, margins):
    values = torch.ones(1, 1, size, 1, 1)
    padded = pad_same(values, (kernel, 1, 1), (stride, 1, 1))[0, 0, :, 0, 0]
    before, after = margins
    assert padded.tolist() == [0.0] * before + [1.0] * size + [0.0] * after


def test_a_unit_normalises_by_what_it_learnt_and_rectifies():
    torch.manual_seed(0)
    unit = Unit(2, 3, 1, 1, norm_eps=0.1).eval()
    unit.bn.running_mean.copy_(torch.tensor([0.1, 0.2, 0.3]))
    unit.bn.running_var.copy_(torch.tensor([1.0, 4.0, 9.0]))
    values = torch.randn(1, 2, 2, 3, 3)
    plain = functional.conv3d(values, unit.conv3d.weight)
    mean, variance = (x.view(3, 1, 1, 1) for x in (unit.bn.running_mean, unit.bn.running_var))
    torch.testing.assert_close(unit(values), ((plain - mean) / (variance + 0.1).sqrt()).relu())


def test_a_pool_takes_maxima_over_what_there_is():
    values = torch.arange(5.0).view(1, 1, 5, 1, 1)
    pooled = Pool((3, 1, 1), (2, 1, 1))(values)
    assert pooled.flatten().tolist() == [1.0, 3.0, 4.0]


def test_branches_lie_side_by_side():
    torch.manual_seed(0)
    block = Mixed(4, (1, 2, 3, 4, 5, 6), 1e-3).eval()
    values = torch.rand(1, 4, 3, 5, 5)
    result = block(values)
    assert result.shape == (1, 1 + 3 + 5 + 6, 3, 5, 5)
    torch.testing.assert_close(result[:, :1], block.b0(values))
    torch.testing.assert_close(
        result[:, 9:], block.b3b(functional.max_pool3d(values, 3, 1, padding=1))
    )
