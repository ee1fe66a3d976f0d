"""Which figures are taken of samples during training, and how often."""

from dataclasses import dataclass

from hdvg.errors import InputError
from vfmodel.evaluation.fvd.script_config import ScriptConfig
from vfmodel.sampling import Sampling


@dataclass(frozen=True, kw_only=True)
class FigureConfig:
    """A protocol of `vfmodel evaluate`, of which FVD and CLIPSIM are taken."""

    protocol: str = "shapes"
    """Name of a protocol that ships (configs/evaluation), or a YAML file of one. It says what is
    sampled, and which real videos, features and CLIP it is compared with."""
    every: int = 1000
    """Steps from figures to figures; the last step has them as well."""
    num_samples: int | None = 64
    """Videos, shared out over the processes; null for as many as the protocol has."""
    steps: int = 25
    """Denoising steps."""
    guidance_scale: float = 4.0
    """How strictly to follow the prompts; 1 or less is no guidance."""
    real: str | None = None
    """Folder of the real dataset as it is distributed; the shapes corpus needs none."""
    i3d: str | None = None
    """File of I3D's weights, where the protocol asks for it."""
    script: ScriptConfig | None = None
    """A TorchScript file in place of the protocol's network."""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise InputError(f"figures.every must be >= 1, got {self.every}")
        if self.num_samples is not None and self.num_samples < 2:
            raise InputError(f"figures.num_samples must be >= 2, got {self.num_samples}")
        Sampling(num_inference_steps=self.steps, guidance_scale=self.guidance_scale)
