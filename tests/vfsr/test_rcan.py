import pytest
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from hdvg.errors import InputError
from vfsr.rcan import RCAN, RCANConfig


@pytest.mark.parametrize(
    ("config", "count"),
    [
        (RCANConfig.preset("rcan-8"), 968_291),
        (RCANConfig.preset("rcan-10x8"), 6_660_035),
        (RCANConfig.preset("rcan-10x20"), 15_592_355),
        (RCANConfig(num_groups=8, num_blocks=20), 12_541_059),
        (RCANConfig(num_groups=5, num_blocks=8), 3_497_955),
    ],
)
def test_trained_parameters_are_as_many_as_published(config, count):
    with torch.device("meta"):
        model = RCAN(config)
    assert sum(p.numel() for p in model.parameters()) == count


def test_the_first_preset_is_the_default():
    assert RCANConfig.preset("rcan-8") == RCANConfig()
    with pytest.raises(InputError, match="no RCAN preset 'rcan-9'; there are rcan-8, rcan-10x8"):
        RCANConfig.preset("rcan-9")


def test_the_direct_tail_is_one_convolution():
    model = RCAN(RCANConfig(tail="direct"))
    assert sum(p.numel() for p in model.tail.parameters()) == 64 * 48 * 9 + 48
    with torch.device("meta"):
        costs = [_flops(RCANConfig(tail=tail)) for tail in ("doubling", "direct")]
    # At 344x192 and x4: 188.9 and 91.6 thousand million floating-point operations.
    assert costs[0] == pytest.approx(188.9e9, rel=0.002)
    assert costs[1] == pytest.approx(91.5e9, rel=0.002)


def _flops(config):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        RCAN(config)(torch.rand(1, 3, 192, 344))
    return counter.get_total_flops()


def test_names_are_those_of_the_original():
    names = RCAN(RCANConfig(num_groups=2, num_blocks=3)).state_dict().keys()
    assert {
        "head.0.weight",
        "body.0.body.0.body.0.weight",
        "body.0.body.0.body.3.conv_du.0.weight",
        "body.1.body.2.body.3.conv_du.2.bias",
        "body.1.body.3.weight",
        "body.2.weight",
        "tail.0.0.weight",
        "tail.0.2.weight",
        "tail.1.weight",
        "sub_mean.weight",
        "add_mean.bias",
    } <= names


def test_the_mean_shift_is_never_trained(small_model):
    assert not any("mean" in name for name, _ in small_model.named_parameters())
    assert torch.equal(small_model.sub_mean.bias, -small_model.add_mean.bias)


@pytest.mark.parametrize("tail", ["doubling", "direct"])
@pytest.mark.parametrize("scale", [2, 4, 8])
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (12, 22)])
def test_the_scale_is_exact(scale, size, tail):
    model = RCAN(RCANConfig(num_blocks=1, channels=8, reduction=4, scale=scale, tail=tail))
    assert model(torch.rand(2, 3, *size)).shape == (2, 3, size[0] * scale, size[1] * scale)


@pytest.mark.parametrize("tail", ["doubling", "direct"])
def test_an_untrained_network_interpolates(tail):
    torch.manual_seed(0)
    model = RCAN(RCANConfig(tail=tail))
    smooth = F.interpolate(torch.rand(1, 3, 6, 8), size=(24, 32), mode="bicubic").clamp(0, 1)
    result = model(smooth)
    bicubic = F.interpolate(smooth, scale_factor=4, mode="bicubic")
    inner = (slice(None), slice(None), slice(12, -12), slice(12, -12))
    assert (result - bicubic)[inner].abs().max() < 0.05
    constant = torch.full((1, 3, 16, 16), 0.3)
    assert (model(constant)[inner] - 0.3).abs().max() < 1e-5


def test_every_parameter_learns_after_the_first_step():
    torch.manual_seed(0)
    model = RCAN(RCANConfig(num_blocks=2, channels=16, reduction=4))
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-6)
    x, y = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 32, 32)
    for _ in range(3):
        optimiser.zero_grad()
        (model(x) - y).abs().sum().backward()
        optimiser.step()
    still = [name for name, p in model.named_parameters() if not p.grad.abs().sum() > 0]
    assert still == []


def test_overfits_one_pair():
    torch.manual_seed(0)
    model = RCAN(RCANConfig(num_blocks=2, channels=16, reduction=4))
    x, y = torch.rand(1, 3, 4, 4), torch.rand(1, 3, 16, 16)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    first = (model(x) - y).abs().mean().item()
    for _ in range(60):
        optimiser.zero_grad()
        loss = (model(x) - y).abs().mean()
        loss.backward()
        optimiser.step()
    assert loss.item() < first / 3


def test_a_frame_does_not_depend_on_its_batch(small_model):
    frames = torch.rand(3, 3, 10, 14)
    together = small_model(frames)
    for i in range(3):
        assert torch.allclose(small_model(frames[i : i + 1])[0], together[i], atol=1e-5)


def test_channel_attention_gates_by_the_mean_of_each_channel(small_model):
    attention = small_model.body[0].body[0].body[3]
    x = torch.randn(2, 8, 5, 6)
    first, _, last, _ = attention.conv_du
    mean = x.mean(dim=(2, 3))
    hidden = F.relu(mean @ first.weight[:, :, 0, 0].T + first.bias)
    gate = torch.sigmoid(hidden @ last.weight[:, :, 0, 0].T + last.bias)
    assert torch.allclose(attention(x), x * gate[:, :, None, None], atol=1e-6)


def test_the_input_is_left_alone(small_model):
    frames = torch.rand(1, 3, 8, 8)
    before = frames.clone()
    small_model(frames)
    assert torch.equal(frames, before)


@pytest.mark.parametrize(
    ("knob", "value"),
    [("num_groups", 0), ("num_blocks", -1), ("channels", 8), ("scale", 3)],
)
def test_bad_sizes_are_refused_by_name(knob, value):
    with pytest.raises(InputError, match=f"{knob} must .*{value}"):
        RCANConfig(**{knob: value})
