import pytest
import torch
import torch.nn.functional as F

from vfsr.rcan import RCAN, RCANConfig
from vfsr.strips import StripNetwork, strips
from vfsr.weights import load_rcan

SIZE = (13, 10)


@pytest.fixture(params=["doubling", "direct", "groups", "twice"])
def network(request):
    torch.manual_seed(0)
    sizes = {
        "doubling": {},
        "direct": {"tail": "direct"},
        "groups": {"num_groups": 2, "num_blocks": 2},
        "twice": {"scale": 2},
    }[request.param]
    config = {"num_blocks": 3, "channels": 8, "reduction": 4} | sizes
    model = RCAN(RCANConfig(**config)).eval()
    with torch.no_grad():  # so that every layer matters
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return model


@pytest.fixture
def frame():
    return torch.rand(3, *SIZE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    ("rows", "tail_rows"), [(13, 13), (1, 1), (2, 3), (5, 1), (12, 13), (4, 7)]
)
def test_with_zeros_beyond_the_frame_it_is_the_network(network, frame, rows, tail_rows):
    with torch.no_grad():
        truth = network(frame[None])[0]
    result = StripNetwork(network, border="constant")(frame, rows, tail_rows)
    assert torch.allclose(result, truth, atol=1e-5)


@pytest.mark.parametrize(("rows", "tail_rows"), [(1, 1), (2, 3), (5, 1), (12, 13), (4, 7)])
def test_strips_are_the_whole_frame(network, frame, rows, tail_rows):
    own = StripNetwork(network)
    assert torch.allclose(own(frame, rows, tail_rows), own(frame, *SIZE), atol=1e-5)


@pytest.mark.parametrize("rows", [3, 99])
def test_a_plain_area_is_the_same_up_to_the_frames_edge(network, rows):
    scale = network.config.scale
    large = StripNetwork(network)(torch.full((3, 11, 9), 0.4), rows, rows)
    middle = large[:, 5 * scale : 6 * scale, 4 * scale : 5 * scale]
    assert torch.allclose(large, middle.repeat(1, 11, 9), atol=1e-5)
    with torch.no_grad():
        assert not torch.allclose(network(torch.full((1, 3, 11, 9), 0.4)), large, atol=1e-3)


def test_the_shipped_model_keeps_plain_areas_plain():
    own = StripNetwork(load_rcan())
    for value in (0.0, 0.25, 0.5, 0.75, 0.95, 1.0):
        large = own(torch.full((3, 24, 24), value), 24, 24)
        assert (large - value).abs().max() < 1.5 / 255


def test_far_from_the_edges_both_borders_are_alike(network):
    blocks = [block for group in network.body[:-1] for block in group.body[:-1]]
    for block in blocks:  # without attention, which sees the edges from everywhere
        torch.nn.init.zeros_(block.body[3].conv_du[2].weight)
    small = torch.rand(3, 40, 40)
    one, other = (StripNetwork(network, border=b)(small, 40, 40) for b in ("constant", "replicate"))
    margin = 16 * network.config.scale
    inner = (slice(None), slice(margin, -margin), slice(margin, -margin))
    assert torch.allclose(one[inner], other[inner], atol=1e-5)
    assert not torch.allclose(one, other, atol=1e-3)


def test_attention_gets_the_means_that_it_is_given(network, frame):
    own = StripNetwork(network, border="constant")
    seen = []
    own(frame, 4, 4, lambda layer, means: seen.append((layer, means)) or means)
    count = network.config.num_groups * network.config.num_blocks
    assert [layer for layer, _ in seen] == list(range(count))
    pooled = []
    for module in network.modules():
        if isinstance(module, torch.nn.AdaptiveAvgPool2d):
            module.register_forward_hook(lambda m, i, out: pooled.append(out.flatten()))
    with torch.no_grad():
        network(frame[None])
    for (_, means), truth in zip(seen, pooled, strict=True):
        assert torch.allclose(means, truth, atol=1e-5)
    frozen = own(frame, 4, 4, lambda layer, means: torch.zeros_like(means))
    assert not torch.allclose(frozen, own(frame, 4, 4), atol=1e-4)


def test_bfloat16_is_near(network, frame):
    exact, rounded = (
        StripNetwork(network, dtype=d)(frame, 13, 13) for d in (torch.float32, torch.bfloat16)
    )
    assert rounded.dtype == torch.float32
    assert F.mse_loss(rounded, exact) < 1e-4 * exact.var()


def test_the_network_itself_is_left_alone(network, frame):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    StripNetwork(network, dtype=torch.bfloat16)(frame, 5, 5)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


@pytest.mark.parametrize(("height", "rows"), [(1, 1), (7, 3), (10, 100), (192, 187), (5, 0)])
def test_strips_cover_every_row_once(height, rows):
    cuts = list(strips(height, rows))
    assert [y for top, bottom in cuts for y in range(top, bottom)] == list(range(height))
    assert max(bottom - top for top, bottom in cuts) <= max(1, rows)
    heights = [bottom - top for top, bottom in cuts]
    assert max(heights) - min(heights) <= 1
