"""What goes into a network: its range, its layout, and what is refused."""

import hashlib

import pytest
import torch
from torch import nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork, check_file, to_range


class FirstPixel(nn.Module):
    """The red, green and blue of the first frame's first pixel."""

    def forward(self, clips):
        return clips[:, :, 0, 0, 0]


def network(**changes):
    fields = {
        "figure": "FVD[pixel]",
        "name": "pixel",
        "sha256": "0" * 64,
        "num_features": 3,
        "min_frames": 2,
        "height": 4,
        "width": 6,
        "network": FirstPixel(),
    }
    return FeatureNetwork(**{**fields, **changes})


def test_black_and_white_become_the_ends_of_the_range():
    bytes_ = torch.tensor([0, 255], dtype=torch.uint8)
    assert to_range(bytes_, (-1.0, 1.0)).tolist() == [-1.0, 1.0]
    assert to_range(bytes_, (0.0, 1.0)).tolist() == [0.0, 1.0]


def test_red_is_the_first_channel():
    red = torch.zeros(2, 3, 4, 6, dtype=torch.uint8)
    red[:, 0] = 255
    assert network().extract(red).tolist() == [1.0, -1.0, -1.0]


@pytest.mark.parametrize(
    ("shape", "fault"),
    [
        ((1, 3, 4, 6), "pixel needs at least 2 frames, got 1"),
        ((2, 3, 6, 4), "pixel takes frames of 4x6, got 6x4"),
    ],
)
def test_other_clips_are_refused(shape, fault):
    with pytest.raises(InputError, match=fault):
        network().extract(torch.zeros(shape, dtype=torch.uint8))


def test_a_trainings_precision_changes_nothing():
    torch.manual_seed(0)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 2 * 4 * 6, 3))
    clip = torch.randint(256, (2, 3, 4, 6), dtype=torch.uint8)
    exact = network(network=linear).extract(clip)
    with torch.autocast("cpu", torch.bfloat16):
        assert network(network=linear).extract(clip).equal(exact)


def test_other_features_than_promised_are_refused():
    with pytest.raises(InputError, match=r"should give 400 features a clip, got \[1, 3\]"):
        network(num_features=400).extract(torch.zeros(2, 3, 4, 6, dtype=torch.uint8))


def test_weights_are_known_by_their_digest(tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    assert check_file(path, None) == check_file(path, digest.upper()) == digest
    with pytest.raises(InputError, match=f"has SHA-256 {digest}, not 00"):
        check_file(path, "00")
    with pytest.raises(InputError, match=r"cannot read the weights .*nothing\.pt"):
        check_file(tmp_path / "nothing.pt", None)
