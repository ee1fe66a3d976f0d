"""Answers against the scenes that were rendered, harm by its definition, and a short training."""

import pytest
import torch

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.shapes_network import load_shapes_network
from vfmodel.stand_in_training.shapes_network import (
    HARM,
    QUESTIONS,
    ShapesNetworkConfig,
    answer_shares,
    question_losses,
    render_clips,
    save_shapes_network,
    spoil,
    spoil_some,
    train_shapes_network,
)


def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def rendered():
    return render_clips(0, 12)


def test_clips_are_a_function_of_the_seed_and_answers_are_words(rendered):
    clips, answers = rendered
    assert clips.shape == (12, 8, 3, 64, 112)
    assert render_clips(0, 2)[0].equal(clips[:2])
    assert not render_clips(1, 2)[0].equal(clips[:2])
    assert set(answers) == set(QUESTIONS) - {"harm"}
    for name, values in answers.items():
        assert 0 <= values.min() <= values.max() < len(QUESTIONS[name])


def test_the_background_is_the_colour_that_most_pixels_have(rendered):
    from hdvg.shapes.scene import BACKGROUNDS

    clips, answers = rendered
    for clip, index in zip(clips, answers["background"], strict=True):
        middle = clip.float().permute(0, 2, 3, 1).reshape(-1, 3).median(dim=0).values
        apart = [(middle - torch.tensor(rgb)).norm() for rgb in BACKGROUNDS.values()]
        assert apart.index(min(apart)) == index


def test_harm_is_what_it_is_called(rendered):
    clip = rendered[0][0]
    assert spoil(clip, "none", generator()).equal(clip)
    noisy = spoil(clip, "noise", generator()).float() - clip.float()
    assert 1 < noisy.std() < 30
    blurred = spoil(clip, "blur", generator()).float()
    assert blurred.diff(dim=-1).abs().mean() < clip.float().diff(dim=-1).abs().mean()
    shuffled = spoil(clip, "shuffled frames", generator())
    assert not shuffled.equal(clip)
    sums = [frames.float().sum(dim=(1, 2, 3)).sort().values for frames in (clip, shuffled)]
    assert sums[0].equal(sums[1])
    flickering = spoil(clip, "flicker", generator()).float().mean(dim=(1, 2, 3))
    assert flickering.std() > clip.float().mean(dim=(1, 2, 3)).std()


def test_half_of_the_clips_are_harmed_and_marked(rendered):
    clips = rendered[0][:1].expand(60, -1, -1, -1, -1)
    spoilt, harm = spoil_some(clips, generator())
    assert 18 <= int((harm > 0).sum()) <= 42
    assert {int(kind) for kind in harm} == set(range(len(HARM)))
    for kind, clip in zip(harm, spoilt, strict=True):
        assert clip.equal(clips[0]) == (int(kind) == 0)


def test_shuffled_frames_are_not_asked_for_their_motion():
    heads = torch.nn.ModuleDict({"motion": torch.nn.Linear(64, 6), "harm": torch.nn.Linear(64, 5)})
    wanted = {"motion": torch.tensor([0, 1]), "harm": torch.tensor([0, HARM.index(HARM[3])])}
    features = torch.randn(2, 64, generator=generator())
    both = question_losses(heads, features, wanted)
    alone = question_losses(heads, features[:1], {name: v[:1] for name, v in wanted.items()})
    assert HARM[3] == "shuffled frames"
    torch.testing.assert_close(both["motion"], alone["motion"])
    assert both["harm"] != alone["harm"]


def test_a_short_training_makes_a_file_that_loads(rendered, tmp_path):
    config = ShapesNetworkConfig(num_clips=12, num_steps=2, batch_size=4)
    network, heads = train_shapes_network(*rendered, config)
    shares = answer_shares(network, heads, *rendered)
    assert set(shares) == set(QUESTIONS)
    assert all(0 <= share <= 1 for share in shares.values())
    save_shapes_network(network, tmp_path / "model.safetensors", config)
    loaded = load_shapes_network(tmp_path / "model.safetensors")
    assert loaded.describe()["trained"]["num_steps"] == 2
    clip = rendered[0][0]
    values = (clip.float() / 127.5 - 1).transpose(0, 1).unsqueeze(0)
    torch.testing.assert_close(loaded.extract(clip), network(values)[0], rtol=0.02, atol=0.02)


def test_wrong_settings_are_refused():
    with pytest.raises(InputError, match="num_steps must be positive, got 0"):
        ShapesNetworkConfig(num_steps=0)
