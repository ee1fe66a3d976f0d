"""Features of a set of videos in a file, so that the real ones are looked at once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from hdvg.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureSet:
    """Features with all that they depend on."""

    features: Float[Tensor, "N D"]
    """A row for each video, float32."""
    settings: dict[str, Any]
    """Network, checksum, preprocessing, frames; figures of other settings cannot be compared."""

    def save(self, path: str | Path) -> None:
        """Writes a safetensors file; what was there is replaced in one go."""
        partial = Path(f"{path}.partial")
        settings = json.dumps(self.settings, sort_keys=True)
        save_file({"features": self.features.contiguous().cpu()}, partial, {"settings": settings})
        partial.replace(path)

    @classmethod
    def load(cls, path: str | Path) -> "FeatureSet":
        """Reads what `save` wrote.

        Raises:
            InputError: There is no such file, or it holds something else.
        """
        try:
            with safe_open(str(path), framework="pt") as file:
                settings = json.loads((file.metadata() or {})["settings"])
                return cls(features=file.get_tensor("features"), settings=settings)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise InputError(f"{path} holds no features of videos: {error}") from error
