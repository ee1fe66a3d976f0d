import pytest
import torch
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.load_torchscript import load_torchscript
from vfmodel.evaluation.fvd.script_config import ScriptConfig

CLIP = torch.full((2, 3, 4, 6), 255, dtype=torch.uint8)


class Plain(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3, 4))


class Detector(nn.Module):
    """Takes the options that `i3d_torchscript.pt` takes, and shows which it was given."""

    def forward(
        self, x: Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> Tensor:
        given = torch.tensor([float(rescale), float(resize), float(return_features)])
        return given.expand(x.shape[0], 3)


class Greedy(nn.Module):
    def forward(self, x: Tensor, more: Tensor) -> Tensor:
        return x.mean(dim=(2, 3, 4)) + more


def load(path, **changes):
    sizes = {"size_px": (4, 6), "num_features": 3, "min_frames": 2}
    return load_torchscript(ScriptConfig(path=str(path), name="tiny", **sizes, **changes))


def save(module, folder):
    path = folder / "script.pt"
    with pytest.warns(DeprecationWarning, match=r"torch\.jit"):
        torch.jit.save(torch.jit.script(module), str(path))
    return path


def test_any_script_makes_features(tmp_path):
    network = load(save(Plain(), tmp_path))
    assert network.figure == "FVD[tiny]"
    assert network.extract(CLIP).tolist() == [1.0, 1.0, 1.0]


def test_the_usual_options_say_that_clips_are_ready(tmp_path):
    network = load(save(Detector(), tmp_path))
    assert network.extract(CLIP).tolist() == [0.0, 0.0, 1.0]
    assert network.describe()["size_px"] == [4, 6]
    assert network.describe()["options"] == {
        "rescale": False,
        "resize": False,
        "return_features": True,
    }


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"does not take clips alone, but also \['more'\]"):
        load(save(Greedy(), tmp_path))
    (tmp_path / "text.pt").write_text("no script")
    with pytest.raises(InputError, match=r"text\.pt is no TorchScript"):
        load(tmp_path / "text.pt")
    with pytest.raises(InputError, match="SHA-256"):
        load(tmp_path / "text.pt", sha256="ab")


class Writer(nn.Module):
    """A network that leaves a file behind."""

    def forward(self, x: Tensor) -> Tensor:
        torch.save(x, "left_behind.pt")
        return x.mean(dim=(2, 3, 4))


class Reader(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3, 4)) + torch.from_file("/etc/hostname", False, 3)


@pytest.mark.parametrize(
    ("module", "call"), [(Writer(), "torch.save"), (Reader(), "torch.from_file")]
)
def test_a_script_that_touches_files_is_not_run(module, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=f"does more than compute, it calls {call}$"):
        load(save(module, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["script.pt"]
