"""A network that turns a clip into a vector, and all that has to stand beside its figures."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from hdvg.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureNetwork:
    """A feature network and its name."""

    figure: str
    """What a distance of its features is called: "FVD" for I3D and for nothing else."""
    name: str
    """Network, training data, layer."""
    sha256: str
    """Hex digest of the file of its weights."""
    num_features: int
    """D, the width of a feature."""
    min_frames: int
    """Fewest frames of a clip."""
    height: int
    """Of the frames that it takes, in pixels."""
    width: int
    """Likewise."""
    network: nn.Module
    """Clips [B, 3, T, H, W] in `value_range` to features [B, D]."""
    value_range: tuple[float, float] = (-1.0, 1.0)
    """What 0 and 255 become."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What else the features depend on."""

    def describe(self) -> dict[str, Any]:
        """For a result's details."""
        return {
            "network": self.name,
            "network_sha256": self.sha256,
            "num_features": self.num_features,
            "value_range": list(self.value_range),
            **self.settings,
        }

    @torch.no_grad()
    def extract(
        self, frames: UInt8[Tensor, "T 3 H W"], device: torch.device | None = None
    ) -> Float[Tensor, "D"]:
        """The feature of one clip, in float32.

        Args:
            frames: RGB in 0..255, of `height` and `width`.
            device: Where to compute; the network is moved there.

        Raises:
            InputError: Too few frames, or another size.
        """
        if len(frames) < self.min_frames:
            raise InputError(
                f"{self.name} needs at least {self.min_frames} frames, got {len(frames)}"
            )
        if frames.shape[-2:] != (self.height, self.width):
            got = "x".join(str(length) for length in frames.shape[-2:])
            raise InputError(f"{self.name} takes frames of {self.height}x{self.width}, got {got}")
        clip = to_range(frames.to(device), self.value_range).transpose(0, 1).unsqueeze(0)
        # A training's validation runs in its own precision, which a figure must not depend on.
        with torch.autocast(clip.device.type, enabled=False):
            features: Tensor = self.network.to(device)(clip)
        if features.shape != (1, self.num_features):
            raise InputError(
                f"{self.name} should give {self.num_features} features a clip, got"
                f" {list(features.shape)}"
            )
        return features[0].float()


def to_range(
    frames: UInt8[Tensor, "*shape"], value_range: tuple[float, float]
) -> Float[Tensor, "*shape"]:
    """Bytes as floats; 0 and 255 become the ends of the range, exactly."""
    low, high = value_range
    return frames.float() / 255.0 * (high - low) + low


def check_file(path: str | Path, sha256: str | None) -> str:
    """Digest of a file of weights.

    Args:
        path: The file.
        sha256: What it has to be, in hex; None takes any.

    Raises:
        InputError: There is no such file, or it is another one.
    """
    try:
        with Path(path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read the weights {path}: {error.strerror}") from error
    if sha256 is not None and found != sha256.lower():
        raise InputError(f"{path} has SHA-256 {found}, not {sha256}")
    return found
