import pytest
import torch
from safetensors.torch import save_file

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import check_file
from vfmodel.evaluation.fvd.i3d import I3D
from vfmodel.evaluation.fvd.load_i3d import load_i3d


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    network = I3D().eval()
    path = tmp_path_factory.mktemp("i3d") / "rgb_imagenet.pt"
    torch.save(network.state_dict(), path)
    return path, network


def test_a_file_with_the_known_names_is_i3d(weights, tmp_path):
    path, network = weights
    save_file(network.state_dict(), tmp_path / "i3d.safetensors")
    loaded = load_i3d(path, check_file(path, None))
    assert (loaded.figure, loaded.num_features) == ("FVD", 400)
    assert loaded.describe()["network_sha256"] == check_file(path, None)
    assert loaded.describe()["norm_eps"] == 1e-3
    for other in (loaded, load_i3d(tmp_path / "i3d.safetensors", norm_eps=1e-5)):
        for name, value in other.network.state_dict().items():
            assert value.equal(network.state_dict()[name])
        assert not other.network.training
    assert other.network.Conv3d_1a_7x7.bn.eps == 1e-5


def test_other_files_are_refused(weights, tmp_path):
    path, network = weights
    with pytest.raises(InputError, match="has SHA-256"):
        load_i3d(path, "ab" * 32)
    fewer = dict(network.state_dict())
    del fewer["logits.conv3d.bias"]
    torch.save(fewer, tmp_path / "fewer.pt")
    with pytest.raises(InputError, match=r'holds no I3D of 400 classes.*"logits.conv3d.bias"'):
        load_i3d(tmp_path / "fewer.pt")
    (tmp_path / "text.pt").write_text("no weights")
    with pytest.raises(InputError, match=r"text.pt is no file of weights"):
        load_i3d(tmp_path / "text.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(InputError, match="holds a list, not weights by name"):
        load_i3d(tmp_path / "list.pt")
