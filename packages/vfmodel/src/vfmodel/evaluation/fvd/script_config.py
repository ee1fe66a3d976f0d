"""A network of features that comes as TorchScript: its file, and what that leaves unsaid."""

import hashlib
import json
from dataclasses import asdict, dataclass

from hdvg.errors import InputError

# With what a protocol names such a network.
MARK = "torchscript"
_DIGEST_CHARS = 12


@dataclass(frozen=True, kw_only=True)
class ScriptConfig:
    """A file of `torch.jit.save`; the defaults are what `i3d_torchscript.pt` takes and gives."""

    path: str
    """The file. It is a program: take it only from somebody you trust."""
    name: str
    """What the network is, in letters, digits and `-_.+`: its figure is called FVD[name]."""
    sha256: str | None = None
    """Hex digest that the file has to have; null takes any, and notes it."""
    size_px: tuple[int, int] = (224, 224)
    """Height and width of the frames that it takes."""
    num_features: int = 400
    """Width of its features."""
    min_frames: int = 10
    """Fewest frames that it takes."""
    value_range: tuple[float, float] = (-1.0, 1.0)
    """What 0 and 255 become."""

    def __post_init__(self) -> None:
        if not self.path:
            raise InputError("a network of features needs a file, got ''")
        if not self.name or not all(c.isalnum() or c in "-_.+" for c in self.name):
            raise InputError(
                f"a network of features needs a name of letters, digits and -_.+, got {self.name!r}"
            )
        if min(*self.size_px, self.num_features, self.min_frames) < 1:
            raise InputError(
                f"size_px, num_features and min_frames must be positive, got {self.size_px},"
                f" {self.num_features} and {self.min_frames}"
            )
        if self.value_range[0] >= self.value_range[1]:
            raise InputError(f"value_range must rise, got {self.value_range}")

    def label(self, found_sha256: str) -> str:
        """What stands in a protocol for this network: its name, and a digest of file and fields.

        Args:
            found_sha256: Hex digest of the file.
        """
        content = asdict(self) | {"path": "", "sha256": found_sha256}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{MARK} {self.name} {digest[:_DIGEST_CHARS]}"
