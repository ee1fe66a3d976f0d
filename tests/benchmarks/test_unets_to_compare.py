import re

import pytest
import torch
from benchmarks.unets_to_compare import NETWORKS, SIZES


def count(network, left_out=r"$^"):
    return sum(p.numel() for name, p in network.named_parameters() if not re.search(left_out, name))


@pytest.mark.parametrize("size", ["scaled", "paper"])
def test_ours_has_what_modelscopes_has_and_more(size):
    with torch.device("meta"):
        ours, theirs = (NETWORKS[name](SIZES[size]) for name in ("ours, Swap-CA", "UNet3D"))
    added = r"(frame_embedding|conv_fuses|end_fuses|swap|temp_skip)\."
    assert count(ours, added) == count(theirs)


@pytest.mark.parametrize("size", SIZES)
def test_all_have_the_same_image_model(size):
    with torch.device("meta"):
        networks = {name: NETWORKS[name](SIZES[size]) for name in NETWORKS}
    convolutions = {
        name: sum(p.numel() for p in network.parameters() if p.shape[2:] == (3, 3))
        for name, network in networks.items()
    }
    assert len(set(convolutions.values())) == 1


def test_one_of_ours_adds():
    with torch.device("meta"):
        assert not NETWORKS["ours, adding"](SIZES["mini"]).swap_active
        assert NETWORKS["ours, Swap-CA"](SIZES["mini"]).swap_active
