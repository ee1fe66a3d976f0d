"""The frames' embedding: silent at first, and a product of frame and prompt."""

import torch

from vfmodel.frame_embedding import FrameEmbedding


def _trained(text_dim):
    torch.manual_seed(0)
    embedding = FrameEmbedding(4, 6, text_dim)
    torch.nn.init.normal_(embedding.linear_2.weight)
    return embedding


def test_it_says_nothing_at_first():
    places, text = torch.randn(5, 4), torch.randn(2, 3)
    for text_dim in (None, 3):
        assert not FrameEmbedding(4, 6, text_dim)(places, text).any()


def test_without_text_it_is_the_same_for_every_prompt():
    embedded = _trained(None)(torch.randn(5, 4), torch.randn(2, 3))
    assert embedded.shape == (1, 5, 6)


def test_the_prompt_scales_the_frame_s_features():
    embedding, places, text = _trained(3), torch.randn(5, 4), torch.randn(2, 3)
    embedded = embedding(places, text)
    first, gate, last = (
        {k: v.double() for k, v in layer.named_parameters()}
        for layer in (embedding.linear_1, embedding.gate, embedding.linear_2)
    )
    for clip in range(2):
        for frame in range(5):
            inner = first["weight"] @ places[frame].double() + first["bias"]
            scale = 1 + gate["weight"] @ text[clip].double() + gate["bias"]
            hidden = inner / (1 + torch.exp(-inner)) * scale
            wanted = last["weight"] @ hidden + last["bias"]
            torch.testing.assert_close(embedded[clip, frame].double(), wanted, atol=1e-5, rtol=1e-5)


def test_every_weight_learns_once_the_last_matrix_has_moved():
    embedding, places, text = _trained(3), torch.randn(5, 4), torch.randn(2, 3)
    embedding(places, text).square().sum().backward()
    assert all(parameter.grad.any() for parameter in embedding.parameters())
