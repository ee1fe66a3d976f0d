import pytest
import torch
from diffusers.models.transformers.transformer_temporal import TransformerTemporalModel
from einops import rearrange
from torch import nn
from torch.nn.functional import group_norm, scaled_dot_product_attention

from vfmodel.temporal import (
    TemporalAttention,
    TemporalAttentionConfig,
    TemporalConv,
    rotate_by_time,
)


def randomise(module):
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.3)
    return module.double()


def frames(clips=2, length=5, channels=8, height=3, width=4):
    return torch.randn(clips * length, channels, height, width, dtype=torch.float64)


def attention(**changes):
    settings = {"channels": 8, "num_heads": 2, "feed_forward_mult": 2, "norm_groups": 4}
    return TemporalAttention(TemporalAttentionConfig(**(settings | changes)))


@pytest.mark.parametrize("module", [TemporalConv(8, depth=3, norm_groups=4), attention()])
def test_adds_exactly_nothing_at_first(module):
    x = frames().float()
    assert torch.equal(module(x, 5), torch.zeros_like(x))


def test_convolution_equals_a_3d_one():
    module = randomise(TemporalConv(8, depth=1, norm_groups=4))
    norm, _, conv = module.convs[0]
    x = frames()
    clips = rearrange(x, "(b t) c h w -> b c t h w", t=5)
    reference = nn.Conv3d(8, 8, (3, 1, 1), padding=(1, 0, 0)).double()
    reference.load_state_dict({"weight": conv.weight[..., None], "bias": conv.bias})
    normed = group_norm(clips, 4, norm.weight, norm.bias)
    expected = reference(torch.nn.functional.silu(normed))
    actual = rearrange(module(x, 5), "(b t) c h w -> b c t h w", t=5)
    torch.testing.assert_close(actual, expected, rtol=0, atol=1e-12)


def rotation(head_dim, time):
    """The rotation of one head at one time as a matrix, angle by angle."""
    matrix = torch.eye(head_dim, dtype=torch.float64)
    half = head_dim // 2
    for pair in range(half):
        angle = torch.tensor(time * 10_000.0 ** (-pair / half), dtype=torch.float64)
        matrix[pair, pair] = matrix[pair + half, pair + half] = angle.cos()
        matrix[pair, pair + half] = -angle.sin()
        matrix[pair + half, pair] = angle.sin()
    return matrix


@pytest.mark.parametrize("channels", [8, 6, 2])
def test_rotation_by_matrices(channels):
    tokens = torch.randn(3, 5, channels, dtype=torch.float64)
    expected = tokens.clone()
    width = channels // 2
    for time in range(5):
        for head in (slice(0, width), slice(width, channels)):
            expected[:, time, head] = tokens[:, time, head] @ rotation(width, time).T
    # Angles are computed in float32, whatever the tokens are.
    torch.testing.assert_close(rotate_by_time(tokens, 2), expected, rtol=0, atol=1e-6)


def test_attention_equals_a_loop_over_places():
    module = randomise(attention(feed_forward_mult=0))
    x = frames(clips=1)
    normed = group_norm(
        rearrange(x, "t c h w -> 1 c t h w"), 4, module.norm.weight, module.norm.bias, 1e-6
    )
    actual = module(x, 5)
    for row in range(3):
        for column in range(4):
            hidden = module.proj_in(normed[0, :, :, row, column].T)
            query, key, value = module.to_qkv(module.norm_attention(hidden)).chunk(3, dim=-1)
            query, key = (rotate_by_time(z[None], 2)[0] for z in (query, key))
            heads = [
                scaled_dot_product_attention(q, k, v)
                for q, k, v in zip(*(z.chunk(2, -1) for z in (query, key, value)), strict=True)
            ]
            expected = module.proj_out(hidden + module.to_out(torch.cat(heads, -1)))
            torch.testing.assert_close(actual[:, :, row, column], expected, rtol=0, atol=1e-10)


def test_attention_tells_the_order_of_frames():
    module = randomise(attention())
    x = frames(clips=1)
    order = torch.tensor([4, 3, 2, 1, 0])
    assert (module(x[order], 5) - module(x, 5)[order]).abs().max() > 1e-3


def test_without_positions_attention_does_not_tell_the_order_of_frames():
    module = randomise(attention(positions="none", self_attentions=2))
    x = frames(clips=1)
    order = torch.tensor([4, 3, 2, 1, 0])
    torch.testing.assert_close(module(x[order], 5), module(x, 5)[order], rtol=0, atol=1e-10)


def test_equals_diffusers_temporal_transformer():
    ours = randomise(
        attention(self_attentions=2, positions="none", width=12, feed_forward_mult=4)
    ).float()
    theirs = TransformerTemporalModel(2, 6, in_channels=8, norm_num_groups=4).eval()
    (block,) = theirs.transformer_blocks
    for ours_part, theirs_part in (
        (ours.norm, theirs.norm),
        (ours.proj_in, theirs.proj_in),
        (ours.norm_attention, block.norm1),
        (ours.to_out, block.attn1.to_out[0]),
        (ours.second[0], block.norm2),
        (ours.second[2], block.attn2.to_out[0]),
        (ours.feed_forward[0], block.norm3),
        (ours.proj_out, theirs.proj_out),
    ):
        theirs_part.load_state_dict(ours_part.state_dict())
    for joined, attn in ((ours.to_qkv, block.attn1), (ours.second[1], block.attn2)):
        for rows, layer in zip(
            joined.weight.chunk(3), (attn.to_q, attn.to_k, attn.to_v), strict=True
        ):
            layer.weight.data.copy_(rows)
    block.ff.load_state_dict(ours.feed_forward[1].state_dict())
    x = frames().float()
    torch.testing.assert_close(x + ours(x, 5), theirs(x, num_frames=5).sample, rtol=0, atol=1e-4)


@pytest.mark.parametrize("module", [TemporalConv(8, depth=2, norm_groups=4), attention()])
def test_clips_do_not_meet_and_any_length_runs(module):
    randomise(module)
    x = frames(clips=3, length=7)
    torch.testing.assert_close(module(x, 7)[7:14], module(x[7:14], 7), rtol=0, atol=1e-12)
    assert module(x, 1).shape == x.shape


@pytest.mark.parametrize(
    "module",
    [
        TemporalConv(8, depth=2, norm_groups=4),
        attention(),
        attention(self_attentions=2, positions="none", width=12),
    ],
)
def test_one_zero_matrix_does_not_block_learning(module):
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1)
    x, wanted = frames().float(), frames().float()
    for _ in range(2):
        optimiser.zero_grad()
        (module.float()(x, 5) - wanted).square().mean().backward()
        optimiser.step()
    assert all(p.grad.abs().max() > 0 for p in module.parameters())
