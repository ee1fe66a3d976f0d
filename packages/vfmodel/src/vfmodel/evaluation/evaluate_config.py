"""What `vfmodel evaluate` is asked for, beside the model that makes what is missing."""

from dataclasses import dataclass
from pathlib import Path

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.script_config import ScriptConfig


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """One folder of videos, one protocol."""

    videos: str
    """Folder of the videos, one <name>.mp4 a sample; those that are missing are made if `model`
    says by what."""
    out: str
    """Folder for result.json, and for the real videos' features, which are kept."""
    protocol: str = "shapes"
    """Name of a protocol that ships (configs/evaluation), or a YAML file of one."""
    name: str = ""
    """What tables call the model; empty: the model's, or else the videos folder's own name."""
    real: str | None = None
    """Folder of the real dataset as it is distributed; the shapes corpus needs none."""
    captions: str | None = None
    """JSON file with another list of captions for UCF-101's classes; changes the digest."""
    num_samples: int | None = None
    """Fewer videos than the protocol has, for a first look; changes the digest."""
    i3d: str | None = None
    """File of I3D's weights for FVD; nothing is downloaded."""
    i3d_sha256: str | None = None
    """What its SHA-256 has to be."""
    fvd_features: str | None = None
    """`shapes` or `i3d` in place of the protocol's network; changes the digest."""
    script: ScriptConfig | None = None
    """A TorchScript file in place of the protocol's network; changes the digest."""
    clip_model: str | None = None
    """Hub id or folder of another CLIP, or `shapes`; changes the digest."""
    workers: int = 1
    """Processes that make videos on this machine; under torchrun or Slurm its processes do."""
    cache: str | None = None
    """Folder for the real videos' features, to share it between models; null for `out`."""

    def __post_init__(self) -> None:
        for field in ("videos", "out", "protocol"):
            if not getattr(self, field):
                raise InputError(f"{field} is empty")
        for field in ("num_samples", "workers"):
            value = getattr(self, field)
            if value is not None and value < 1:
                raise InputError(f"{field} must be >= 1, got {value}")
        if self.script is not None and self.fvd_features is not None:
            raise InputError(
                f"script and fvd_features exclude each other, got {self.script.path} and"
                f" {self.fvd_features}"
            )
        for field in ("out", "videos"):
            if Path(getattr(self, field)).is_file():
                raise InputError(f"{field} is a file: {getattr(self, field)}")
