import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0

from vfmodel import attention
from vfmodel.attention import FrameAttention, attend, keys_of


def naive(query, key, value, num_heads):
    out = torch.empty_like(query)
    width = query.shape[-1] // num_heads
    for head in range(num_heads):
        part = slice(head * width, (head + 1) * width)
        scores = query[..., part] @ key[..., part].transpose(1, 2) / width**0.5
        out[..., part] = scores.softmax(-1) @ value[..., part]
    return out


def sequences(*lengths, count=7, channels=6):
    return [torch.randn(count, length, channels, dtype=torch.float64) for length in lengths]


def test_attend_is_softmax_attention_for_each_head():
    q, k, v = sequences(5, 4, 4)
    torch.testing.assert_close(attend(q, k, v, 3), naive(q, k, v, 3), rtol=0, atol=1e-12)


def test_attend_splits_what_the_gpu_cannot_launch(monkeypatch):
    q, k, v = sequences(5, 4, 4)
    whole = attend(q, k, v, 2)
    monkeypatch.setattr(attention, "_MAX_SEQUENCES", 3)
    torch.testing.assert_close(attend(q, k, v, 2), whole, rtol=0, atol=1e-15)


@pytest.mark.parametrize("frames", [1, 3])
def test_shared_text_equals_text_repeated_for_every_frame(frames):
    layer = Attention(8, cross_attention_dim=6, heads=2, dim_head=4)
    hidden, text = torch.randn(2 * frames, 5, 8), torch.randn(2, 7, 6)
    layer.set_processor(AttnProcessor2_0())
    expected = layer(hidden, encoder_hidden_states=text.repeat_interleave(frames, dim=0))
    layer.set_processor(FrameAttention())
    torch.testing.assert_close(
        layer(hidden, encoder_hidden_states=text), expected, rtol=0, atol=1e-6
    )


def test_keys_and_values_can_be_given_in_place_of_the_text():
    layer = Attention(8, cross_attention_dim=6, heads=2, dim_head=4, processor=FrameAttention())
    hidden, text = torch.randn(6, 5, 8), torch.randn(2, 7, 6)
    keys = keys_of(layer, text)
    assert [tuple(x.shape) for x in keys] == [(2, 7, 8)] * 2
    given = layer(hidden, encoder_hidden_states=keys)
    assert torch.equal(given, layer(hidden, encoder_hidden_states=text))


def test_without_text_a_frame_attends_to_itself():
    layer, hidden = Attention(8, heads=2, dim_head=4), torch.randn(6, 5, 8)
    layer.set_processor(AttnProcessor2_0())
    expected = layer(hidden)
    layer.set_processor(FrameAttention())
    torch.testing.assert_close(layer(hidden), expected, rtol=0, atol=1e-6)


def test_training_in_bfloat16_computes_the_same():
    exact = [x.float().requires_grad_() for x in sequences(5, 4, 4)]
    rounded = [x.detach().bfloat16().requires_grad_() for x in exact]
    for inputs in (exact, rounded):
        attend(*inputs, 3).square().sum().backward()
    for ours, expected in zip(rounded, exact, strict=True):
        assert (ours.grad - expected.grad).abs().max() < 0.05 * expected.grad.abs().max()
