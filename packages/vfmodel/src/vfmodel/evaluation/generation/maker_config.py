"""Which model makes a protocol's videos, and how it is asked."""

from dataclasses import dataclass
from typing import Literal

from hdvg.errors import InputError

# What the command line writes for the model that comes with the package.
SHIPPED = "shipped"


@dataclass(frozen=True, kw_only=True)
class MakerConfig:
    """A text-to-video model and its settings; what is null is the model's own."""

    model: str | None = None
    """What makes the videos that are missing; null makes none. A model folder or hub id: ours, or
    any text-to-video pipeline of diffusers, such as ali-vilab/text-to-video-ms-1.7b or
    cerspense/zeroscope_v2_576w; `shipped` for ours that comes with the package."""
    motion_adapter: str | None = None
    """Folder or hub id of AnimateDiff's motion modules, where `model` is an image model."""
    steps: int | None = None
    """Denoising steps."""
    guidance_scale: float | None = None
    """How strictly to follow the prompt."""
    negative_prompt: str | None = None
    """What to keep away from."""
    num_frames: int | None = None
    """Frames of a video; null for as many as the protocol looks at."""
    height: int | None = None
    """Pixels."""
    width: int | None = None
    """Pixels."""
    fps: float = 8.0
    """Frames a second that a baseline's files are written with; ours knows its own rate."""
    dtype: Literal["float32", "float16", "bfloat16"] = "float32"
    """Precision of a baseline's weights; ours are computed in float32."""

    def __post_init__(self) -> None:
        if self.model is not None and not self.model:
            raise InputError("model is empty: give a model folder or hub id")
        for name in ("steps", "num_frames", "height", "width", "fps"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise InputError(f"{name} must be positive, got {value}")
        if self.guidance_scale is not None and not 0 <= self.guidance_scale < float("inf"):
            raise InputError(f"guidance_scale must be finite and >= 0, got {self.guidance_scale}")

    @property
    def source(self) -> str:
        """The folder or hub id, where one is given."""
        from vfmodel.pretrained import STAND_IN_PIPELINE  # diffusers, which --help does not need

        assert self.model is not None
        return STAND_IN_PIPELINE if self.model == SHIPPED else self.model
