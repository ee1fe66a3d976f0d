import pytest
import torch
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.load_torchscript import ScriptConfig, load_torchscript

CONFIG = ScriptConfig(name="tiny", size_px=(4, 6), num_features=3, min_frames=2)
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


def save(module, folder):
    path = folder / "script.pt"
    with pytest.warns(DeprecationWarning, match=r"torch\.jit"):
        torch.jit.save(torch.jit.script(module), str(path))
    return path


def test_any_script_makes_features(tmp_path):
    network = load_torchscript(save(Plain(), tmp_path), CONFIG)
    assert network.figure == "FVD[tiny]"
    assert network.extract(CLIP).tolist() == [1.0, 1.0, 1.0]


def test_the_usual_options_say_that_clips_are_ready(tmp_path):
    network = load_torchscript(save(Detector(), tmp_path), CONFIG)
    assert network.extract(CLIP).tolist() == [0.0, 0.0, 1.0]
    assert network.describe()["options"] == {
        "rescale": False,
        "resize": False,
        "return_features": True,
    }


def test_other_files_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"does not take clips alone, but also \['more'\]"):
        load_torchscript(save(Greedy(), tmp_path), CONFIG)
    (tmp_path / "text.pt").write_text("no script")
    with pytest.raises(InputError, match=r"text\.pt is no TorchScript"):
        load_torchscript(tmp_path / "text.pt", CONFIG)
    with pytest.raises(InputError, match="SHA-256"):
        load_torchscript(tmp_path / "text.pt", CONFIG, "ab")


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"name": ""}, "needs a name, got ''"),
        ({"size_px": (0, 4)}, r"must be positive, got \(0, 4\)"),
        ({"num_features": 0}, "must be positive, got .*, 0 and 10"),
        ({"value_range": (1.0, -1.0)}, r"must rise, got \(1.0, -1.0\)"),
    ],
)
def test_wrong_descriptions_are_refused(wrong, fault):
    with pytest.raises(InputError, match=fault):
        ScriptConfig(**{"name": "tiny", **wrong})
