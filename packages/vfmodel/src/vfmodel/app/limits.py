"""What a page lets people ask of a model: ranges that follow from the model's own sizes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hdvg.errors import InputError

if TYPE_CHECKING:
    from vfmodel.pipeline import VideoFactoryPipeline

# Twice what was trained, in each direction: past that a model only repeats itself, and one visitor
# of a shared page could take all of its memory. Chosen here.
_STRETCH = 2
# DDIM gains nothing visible past about 50 steps; chosen here with room to see that.
_MOST_STEPS = 100
# Diffusers' pipelines stay below 15; chosen here, so that the slider's useful part is not tiny.
_MOST_GUIDANCE = 20.0

Number = int | float


@dataclass(frozen=True, kw_only=True)
class Limits:
    """A model's own sizes, and how far a request may go from them."""

    num_frames: int
    """Frames of a training clip."""
    height: int
    """Pixels of a training clip."""
    width: int
    """Pixels of a training clip."""
    fps: float
    """Frames per second of a training clip."""
    cell: int
    """Pixels a latent cell is wide and high; sizes are multiples of it."""
    knows_rates: bool
    """Whether the model can be asked for another frame rate."""
    tokens: int
    """Most words and pieces of words that a prompt may have, start and end mark included."""
    train_timesteps: int
    """Noise levels of the training, which no number of steps exceeds."""

    @classmethod
    def of(cls, pipeline: "VideoFactoryPipeline") -> "Limits":
        """Reads a loaded model's sizes."""
        from vfmodel.autoencoder import VideoAutoencoder

        sizes = pipeline.unet.config
        cell = VideoAutoencoder(pipeline.vae).factor
        return cls(
            num_frames=sizes.num_frames,
            height=sizes.sample_height * cell,
            width=sizes.sample_width * cell,
            fps=float(sizes.fps),
            cell=cell,
            knows_rates=bool(sizes.fps_conditioning),
            tokens=int(pipeline.tokenizer.model_max_length),
            train_timesteps=int(pipeline.scheduler.config.num_train_timesteps),
        )

    @property
    def ranges(self) -> dict[str, tuple[Number, Number]]:
        """Least and greatest value of each number in a request, by its name there."""
        return {
            "steps": (1, min(_MOST_STEPS, self.train_timesteps)),
            "guidance_scale": (0.0, _MOST_GUIDANCE),
            "num_frames": (1, _STRETCH * self.num_frames),
            "height": (self.cell, _STRETCH * self.height),
            "width": (self.cell, _STRETCH * self.width),
            "fps": (1.0, _STRETCH * self.fps) if self.knows_rates else (self.fps, self.fps),
            "seed": (0, 2**63 - 1),
        }

    def check(self, name: str, value: Number) -> None:
        """Refuses a number outside its range.

        Args:
            name: A key of `ranges`.
            value: What was asked for.

        Raises:
            InputError: It is outside, or it is a size that is no multiple of `cell`.
        """
        least, most = self.ranges[name]
        if not least <= value <= most:
            if least == most:
                raise InputError(f"{name} is always {least:g} with this model, got {value:g}")
            raise InputError(f"{name} must be between {least:g} and {most:g}, got {value:g}")
        if name in ("height", "width") and value % self.cell:
            raise InputError(f"{name} must be a multiple of {self.cell}, got {value:g}")
