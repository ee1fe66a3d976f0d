"""Takes any network of features that comes as TorchScript, such as StyleGAN-V's I3D."""

import re
from collections.abc import Sequence
from typing import Any
from zipfile import BadZipFile, ZipFile

import torch
from torch import Tensor, nn

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.feature_network import FeatureNetwork, check_file
from vfmodel.evaluation.fvd.script_config import ScriptConfig

# Arguments of `i3d_torchscript.pt` and its kin: size and range are brought about here, and the
# features are the logits before the softmax.
_KNOWN_OPTIONS = {"rescale": False, "resize": False, "return_features": True}
# In the code of a script: what reads or writes files, and operators that others have registered.
_NOT_COMPUTING = re.compile(
    r"\btorch\.(?:save|load|from_file)\b|\bops\.(?!aten\.|prim\.|prims\.)\w+"
)


def load_torchscript(config: ScriptConfig) -> FeatureNetwork:
    """A network that takes clips [B, 3, T, H, W] and gives features [B, D].

    No Python of the file's runs, but TorchScript does, some of it while loading. Its code is read
    before: what names files or operators from outside torch is refused. A network that never ends
    or takes all memory is not.

    Args:
        config: The file, and what it takes and gives.

    Raises:
        InputError: The file is missing, another one, no TorchScript, does more than compute, or
            asks for more than clips.
    """
    path = config.path
    found = check_file(path, config.sha256)
    _check_code(path)
    try:
        script: Any = torch.jit.load(path, map_location="cpu").eval()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"{path} is no TorchScript: {first}") from error
    options = _options(script.forward.schema.arguments, path)
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
        settings={"options": options, "size_px": list(config.size_px)},
    )


class _Script(nn.Module):
    """A script with its options."""

    def __init__(self, script: nn.Module, options: dict[str, bool]) -> None:
        super().__init__()
        self.script, self.options = script, options

    def forward(self, clips: Tensor) -> Tensor:
        # The fuser recompiles for every new shape, and has changed results on the way.
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            features: Tensor = self.script(clips, **self.options)
        return features


def _check_code(path: str) -> None:
    """Reads a script's code without running it.

    Raises:
        InputError: There is none, or it does more than compute.
    """
    try:
        with ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.endswith(".py")]
            code = "\n".join(archive.read(name).decode() for name in names)
    except (BadZipFile, OSError, UnicodeDecodeError, NotImplementedError) as error:
        raise InputError(f"{path} is no TorchScript: {error}") from error
    strange = _NOT_COMPUTING.search(code)
    if strange is not None:
        raise InputError(f"{path} does more than compute, it calls {strange.group()}")


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
