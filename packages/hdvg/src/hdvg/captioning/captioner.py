"""What a captioner is, how it is set, and which one a setting names."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from hdvg.errors import InputError

if TYPE_CHECKING:
    from PIL import Image

STAND_IN = str(Path(__file__).parents[1] / "stand_ins" / "blip2")

Backend = Literal["transformers", "lavis"]
Device = Literal["auto", "cpu", "cuda"]
Dtype = Literal["auto", "bf16", "fp32"]


class Captioner(Protocol):
    """Turns pictures into sentences; the i-th sentence is about the i-th picture."""

    def caption(self, images: "list[Image.Image]") -> list[str]:
        """One sentence a picture, in the same order."""
        ...


@dataclass(frozen=True, kw_only=True)
class CaptionerConfig:
    """Everything that decides what a captioner says about a picture, and where it computes."""

    model: str = ""
    """A hub id such as Salesforce/blip2-opt-2.7b, or a model folder; empty: the model that ships
    with the package, which knows the shapes corpus alone."""
    backend: Backend = "transformers"
    """Who runs the model: transformers, or LAVIS in an environment of its own (make env-lavis)."""
    prompt: str = ""
    """What the caption has to go on from, such as "a photo of"; it is not part of the caption."""
    num_beams: int = 1
    """Beams of the search; 1 is greedy."""
    max_new_tokens: int = 20
    """Longest caption in tokens."""
    device: Device = "auto"
    """Where the model computes: auto takes GPUs where there are any."""
    dtype: Dtype = "auto"
    """Numbers that it computes with: auto is bf16 on a GPU and fp32 on a CPU. LAVIS has its own:
    fp16 on a GPU, fp32 on a CPU."""

    def __post_init__(self) -> None:
        for name in ("num_beams", "max_new_tokens"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")

    def settle(self, *, has_gpu: bool) -> "CaptionerConfig":
        """The same with model, device and dtype decided."""
        device = self.device if self.device != "auto" else "cuda" if has_gpu else "cpu"
        dtype = self.dtype if self.dtype != "auto" else "bf16" if device == "cuda" else "fp32"
        decided = {"model": self.model or STAND_IN, "device": device, "dtype": dtype}
        settings = vars(self) | decided
        return CaptionerConfig(**{name: settings[name] for name in CaptionerConfig.__annotations__})


def check_installed() -> None:
    """Makes sure that the libraries of captioners are there.

    Raises:
        InputError: They are not; the message says what to install.
    """
    missing = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if missing:
        raise InputError(f"captions need {' and '.join(missing)}: pip install 'hdvg[caption]'")


def describe_captioner(config: CaptionerConfig) -> dict[str, Any]:
    """What a caption depends on, as plain values; equal for the same model wherever it lies.

    Raises:
        InputError: There is no such model.
    """
    if config.backend == "lavis":
        from hdvg.captioning.lavis import identify_model
    else:
        from hdvg.captioning.blip2 import identify_model

    name, revision = identify_model(config.model)
    dtype: str = config.dtype
    if config.backend == "lavis":
        dtype = "fp16" if config.device == "cuda" else "fp32"
    return {
        "backend": config.backend,
        "model": name,
        "revision": revision,
        "prompt": config.prompt,
        "num_beams": config.num_beams,
        "max_new_tokens": config.max_new_tokens,
        "dtype": dtype,
    }


def load_captioner(config: CaptionerConfig, revision: str) -> Captioner:
    """Loads the model that a settled config names.

    Args:
        config: From `CaptionerConfig.settle`.
        revision: As `describe_captioner` found it, so that every worker loads the same weights.

    Raises:
        InputError: The model cannot be loaded.
    """
    if config.backend == "lavis":
        from hdvg.captioning.lavis import LavisCaptioner

        return LavisCaptioner(config)
    from hdvg.captioning.blip2 import Blip2Captioner

    return Blip2Captioner(config, revision)
