"""Takes any network of features that comes as TorchScript, such as StyleGAN-V's I3D."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork, check_file

# Arguments of `i3d_torchscript.pt` and its kin: size and range are brought about here, and the
# features are the logits before the softmax.
_KNOWN_OPTIONS = {"rescale": False, "resize": False, "return_features": True}


@dataclass(frozen=True, kw_only=True)
class ScriptConfig:
    """What a script does not say of itself; the defaults are those of `i3d_torchscript.pt`."""

    name: str
    """What the network is: its figure is called FVD[name]."""
    size_px: tuple[int, int] = (224, 224)
    """Height and width of the frames that it takes."""
    num_features: int = 400
    """Width of its features."""
    min_frames: int = 10
    """Fewest frames that it takes."""
    value_range: tuple[float, float] = (-1.0, 1.0)
    """What 0 and 255 become."""

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("a network of features needs a name, got ''")
        if min(*self.size_px, self.num_features, self.min_frames) < 1:
            raise InputError(
                f"size_px, num_features and min_frames must be positive, got {self.size_px},"
                f" {self.num_features} and {self.min_frames}"
            )
        if self.value_range[0] >= self.value_range[1]:
            raise InputError(f"value_range must rise, got {self.value_range}")


def load_torchscript(
    path: str | Path, config: ScriptConfig, sha256: str | None = None
) -> FeatureNetwork:
    """A network that takes clips [B, 3, T, H, W] and gives features [B, D].

    A script is a program: load only what comes from somebody you trust.

    Args:
        path: A file of `torch.jit.save`.
        config: What it takes and gives.
        sha256: Hex digest that the file has to have.

    Raises:
        InputError: The file is missing, another one, no TorchScript, or asks for more than clips.
    """
    found = check_file(path, sha256)
    try:
        script: Any = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{path} is no TorchScript: {first}") from error
    options = _options(script.forward.schema.arguments, str(path))
    return FeatureNetwork(
        figure=f"FVD[{config.name}]",
        name=f"{config.name} (TorchScript)",
        sha256=found,
        num_features=config.num_features,
        min_frames=config.min_frames,
        height=config.size_px[0],
        width=config.size_px[1],
        network=_Script(script, options),
        value_range=config.value_range,
        settings={"options": options},
    )


class _Script(nn.Module):
    """A script with its options."""

    def __init__(self, script: nn.Module, options: dict[str, bool]) -> None:
        super().__init__()
        self.script, self.options = script, options

    def forward(self, clips: Tensor) -> Tensor:
        # The fuser recompiles for every new shape, and has changed results on the way.
        with torch.jit.fuser("none"):  # type: ignore[attr-defined]
            features: Tensor = self.script(clips, **self.options)
        return features


def _options(arguments: Sequence[Any], path: str) -> dict[str, bool]:
    """The known options that a script has, after itself and the clips."""
    rest = arguments[2:]
    strange = [
        argument.name
        for argument in rest
        if argument.name not in _KNOWN_OPTIONS and not argument.has_default_value()
    ]
    if len(arguments) < 2 or strange:
        raise InputError(f"{path} does not take clips alone, but also {strange}")
    return {
        argument.name: _KNOWN_OPTIONS[argument.name]
        for argument in rest
        if argument.name in _KNOWN_OPTIONS
    }
