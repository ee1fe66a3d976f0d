"""Features are computed once, and again when anything differs that they depend on."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from hdvg.errors import InputError
from vfmodel.evaluation.find_protocol import find_protocol
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork
from vfmodel.evaluation.fvd.fvd_metric import FVD, FVDConfig
from vfmodel.evaluation.real_set.real_clips import Clip
from vfmodel.evaluation.real_set.real_features import real_features

PROTOCOL = find_protocol("shapes")


class Means(nn.Module):
    def forward(self, clips):
        return clips.mean(dim=(2, 3, 4))


def metric():
    network = FeatureNetwork(
        figure="means-FVD",
        name="means of colours",
        sha256="0",
        num_features=3,
        min_frames=1,
        height=4,
        width=4,
        network=Means(),
    )
    return FVD(network, FVDConfig(num_resamples=2))


@pytest.fixture
def clips():
    read = []

    def clip(index):
        def load():
            read.append(index)
            if index == 2:
                raise InputError("broken")
            return torch.full((2, 3, 4, 4), 50 * index, dtype=torch.uint8)

        return Clip(name=f"v{index}", prompt="", read=load)

    return [clip(index) for index in range(4)], read


def test_once(clips, tmp_path):
    videos, read = clips
    first = real_features(PROTOCOL, videos, metric(), tmp_path / "kept")
    assert first.broken == {"v2": "broken"}
    assert first.features.features[:, 0].tolist() == pytest.approx(
        [2 * 50 * index / 255 - 1 for index in (0, 1, 3)]
    )
    read.clear()
    again = real_features(PROTOCOL, videos, metric(), tmp_path / "kept")
    assert read == []
    assert torch.equal(again.features.features, first.features.features)
    assert again.broken == first.broken


@pytest.mark.parametrize("change", ["clips", "frames"])
def test_anew_for_others(clips, tmp_path, change):
    videos, read = clips
    real_features(PROTOCOL, videos, metric(), tmp_path)
    read.clear()
    if change == "clips":
        real_features(PROTOCOL, videos[:2], metric(), tmp_path)
    else:
        other = replace(PROTOCOL, frames=replace(PROTOCOL.frames, window="first"))
        real_features(other, videos, metric(), tmp_path)
    assert read


def test_if_all_are_broken_it_is_an_error(clips, tmp_path):
    with pytest.raises(InputError, match="none of 1 real videos could be used: broken"):
        real_features(PROTOCOL, clips[0][2:3], metric(), tmp_path)
    assert not list(tmp_path.iterdir())
