import pytest
import torch
from torch import nn
from torch.nn.functional import gelu, group_norm, layer_norm

from hdvg.errors import InputError
from vfmodel.swap_attention import SwapConfig, SwapCrossAttention


def layer(*, trained=True, double=True, **changes):
    torch.manual_seed(0)
    settings = {"channels": 8, "num_heads": 2, "window": (4, 2, 3), "norm_groups": 4}
    module = SwapCrossAttention(SwapConfig(**(settings | changes)))
    if trained:
        for parameter in module.parameters():
            nn.init.normal_(parameter, std=0.3)
    return module.double() if double else module


def streams(frames=5, height=3, width=4, channels=8, batch=2, dtype=torch.float64):
    return torch.randn(2, batch, channels, frames, height, width, dtype=dtype).unbind()


def labels(size, window, shift):
    """The window of every token, by arithmetic on its coordinates."""
    grid = torch.cartesian_prod(*(torch.arange(n) for n in size))
    grid[:, 0] -= shift
    for axis, (n, w) in enumerate(zip(size, window, strict=True)):
        grid[:, axis] = 0 if w >= n else torch.div(grid[:, axis], w, rounding_mode="floor")
    return grid.unique(dim=0, return_inverse=True)[1]


def formula(module, spatial, temporal):
    """Equations (2) and (3), densely, with a mask in place of windows."""
    config, weights = module.settings, dict(module.named_parameters())

    def linear(x, name):
        out = x @ weights[f"{name}.weight"].T
        return out + weights[f"{name}.bias"] if f"{name}.bias" in weights else out

    def norm(x, name):
        return layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"])

    def project(x, name):
        affine = (weights[f"{name}.weight"], weights[f"{name}.bias"])
        normed = group_norm(x, config.norm_groups, *affine, eps=1e-5)
        return linear(normed.flatten(2).transpose(1, 2), "proj_in")

    x, y = project(spatial, "norm_spatial"), project(temporal, "norm_temporal")
    asking, context = (x, y) if config.query == "spatial" else (y, x)
    query = linear(norm(asking, "norm_query"), "to_q")
    key, value = linear(norm(context, "norm_context"), "to_kv").chunk(2, dim=-1)
    window = labels(spatial.shape[2:], config.window, config.shift)
    apart = window[:, None] != window[None, :]
    heads = []
    for q, k, v in zip(*(z.chunk(config.num_heads, -1) for z in (query, key, value)), strict=True):
        scores = (q @ k.transpose(1, 2) / q.shape[-1] ** 0.5).masked_fill(apart, -torch.inf)
        heads.append(scores.softmax(-1) @ v)
    hidden = linear(torch.cat(heads, -1), "to_out") + asking
    if config.feed_forward_mult:
        wide = linear(norm(hidden, "feed_forward.0"), "feed_forward.1.net.0.proj")
        values, gates = wide.chunk(2, dim=-1)
        hidden = linear(values * gelu(gates), "feed_forward.1.net.2") + hidden
    change = linear(hidden, "proj_out").transpose(1, 2).reshape(spatial.shape)
    return spatial + temporal + change


@pytest.mark.parametrize("query", ["spatial", "temporal"])
@pytest.mark.parametrize(("shift", "mult"), [(0, 4), (2, 2), (1, 0)])
def test_equals_the_equations(query, shift, mult):
    module = layer(query=query, shift=shift, feed_forward_mult=mult)
    spatial, temporal = streams()
    torch.testing.assert_close(
        module(spatial, temporal), formula(module, spatial, temporal), rtol=0, atol=1e-12
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("frames", [1, 5])
def test_is_addition_at_first_bit_for_bit(dtype, frames):
    module = layer(trained=False, double=False).to(dtype)
    spatial, temporal = streams(frames, dtype=dtype)
    assert torch.equal(module(spatial, temporal), spatial + temporal)


def test_swapping_streams_norms_and_role_changes_nothing():
    one, other = layer(query="spatial", shift=2), layer(query="temporal", shift=2)
    weights = one.state_dict()
    for name in ("weight", "bias"):
        weights[f"norm_spatial.{name}"], weights[f"norm_temporal.{name}"] = (
            weights[f"norm_temporal.{name}"],
            weights[f"norm_spatial.{name}"],
        )
    other.load_state_dict(weights)
    x, y = streams()
    torch.testing.assert_close(one(x, y), other(y, x), rtol=0, atol=1e-12)


def test_the_context_is_seen_only_from_its_own_window():
    module = layer(query="spatial", shift=2, window=(4, 2, 3))
    # Group norm spreads any change over the clip; without it, only attention can.
    module.norm_spatial = module.norm_temporal = nn.Identity()
    spatial, temporal = streams(frames=9, height=4, width=7, batch=1)
    poked = temporal.clone()
    poked[0, :, 3, 2, 4] += 1.0
    change = (module(spatial, poked) - poked) - (module(spatial, temporal) - temporal)
    reached = torch.where(change[0].abs().sum(0) > 1e-9)
    for found, expected in zip(reached, ({2, 3, 4, 5}, {2, 3}, {3, 4, 5}), strict=True):
        assert set(found.tolist()) == expected


def test_order_inside_a_window_does_not_matter():
    module = layer(window=(4, 2, 3), query="temporal")
    spatial, temporal = streams(frames=4)
    order = torch.tensor([2, 0, 3, 1])
    torch.testing.assert_close(
        module(spatial[:, :, order], temporal[:, :, order]),
        module(spatial, temporal)[:, :, order],
        rtol=0,
        atol=1e-12,
    )


def test_clips_of_a_batch_do_not_meet():
    module = layer()
    spatial, temporal = streams(batch=3)
    alone = module(spatial[1:2], temporal[1:2])
    torch.testing.assert_close(module(spatial, temporal)[1:2], alone, rtol=0, atol=1e-12)


def test_gradients_reach_proj_out_first_and_then_everything():
    module = layer(trained=False)
    spatial, temporal = streams()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    for step in range(2):
        optimiser.zero_grad()
        module(spatial, temporal).square().mean().backward()
        touched = {name for name, p in module.named_parameters() if p.grad.abs().max() > 0}
        if step == 0:
            assert touched == {"proj_out.weight", "proj_out.bias"}
        optimiser.step()
    assert touched == dict(module.named_parameters()).keys()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"num_heads": 3}, "num_heads 3"),
        ({"norm_groups": 3}, "norm_groups 3"),
        ({"window": (0, 1, 1)}, "window"),
        ({"shift": 4}, "shift 4"),
        ({"feed_forward_mult": -1}, "-1"),
    ],
)
def test_refuses_by_name(changes, named):
    with pytest.raises(InputError, match=named):
        layer(**changes)
