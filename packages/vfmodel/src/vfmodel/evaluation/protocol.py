"""What a figure was measured on: prompts, clips, real videos, frames and features, with a hash.

Two papers' "zero-shot FVD on UCF-101" are rarely the same quantity. A protocol spells out all that
moves a figure, and its digest stands beside every figure that it gave.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, TypeVar

from hdvg.errors import InputError
from vfmodel.evaluation.fit_frames import check_steps
from vfmodel.evaluation.fvd.script_config import MARK

METRICS = ("fvd", "clipsim", "flicker", "dynamic_degree", "prompt_accuracy")
NETWORKS = ("i3d", "shapes", MARK)
DATASETS = ("ucf101", "msrvtt", "webvid", "folder", "shapes")
_SOURCES = ("class_captions", "class_names", "one_caption", "every_caption", "shapes", "none")
_SPLITS = ("all", "train", "val", "test")
# Characters of a SHA-256 in hex: 48 bits, with some dozens of protocols.
_DIGEST_CHARS = 12
Part = TypeVar("Part")


@dataclass(frozen=True, kw_only=True)
class PromptRule:
    """Which videos are generated."""

    source: str
    """`class_captions`: a sentence for each class; `class_names`: its name in words; `one_caption`:
    one of each real video's captions; `every_caption`: all of them; `shapes`: drawn from the shapes
    corpus; `none`: the videos are there already."""
    num_samples: int
    """Videos to generate; 0 with `none`, which takes what is there."""
    classes: Literal["equal", "as_real"] = "equal"
    """How often each class is asked for: equally, or as often as the real set has it."""
    seed: int = 0
    """Chooses captions; with the sample's name it is every sample's seed."""

    def __post_init__(self) -> None:
        _check_choice("prompts.source", self.source, _SOURCES)
        _check_choice("prompts.classes", self.classes, ("equal", "as_real"))
        if self.num_samples < 0 or (self.num_samples == 0) != (self.source == "none"):
            raise InputError(
                f"prompts.num_samples of source {self.source!r} cannot be {self.num_samples}"
            )


@dataclass(frozen=True, kw_only=True)
class RealRule:
    """The real videos."""

    dataset: str
    """Which dataset; `folder` is any folder of videos, `shapes` is rendered."""
    num_clips: int
    """Real clips that features are taken from, one a video."""
    num_listed: int = 0
    """Videos that the complete split has; 0 where nobody can know."""
    split: str = "all"
    """Which part of the dataset: `all`, or `train`, `val` or `test`."""
    seed: int = 0
    """Chooses videos and their clips."""

    def __post_init__(self) -> None:
        _check_choice("real.dataset", self.dataset, DATASETS)
        _check_choice("real.split", self.split, _SPLITS)
        if self.num_clips < 1 or self.num_listed < 0:
            raise InputError(
                f"real.num_clips must be >= 1 and num_listed >= 0, got {self.num_clips} and"
                f" {self.num_listed}"
            )


@dataclass(frozen=True, kw_only=True)
class FrameRule:
    """Which frames are looked at, and in what size.

    Of a generated video they are the first ones as they come; of a real one as said here.
    """

    num_frames: int = 16
    """Frames of a clip."""
    fps: float | None = None
    """Frames a second of real clips; None takes the file's own frames."""
    stride: int = 1
    """Every how many of the file's own frames, where `fps` is None."""
    window: Literal["random", "first", "centre"] = "random"
    """Where in a real video its clip lies."""
    fit: tuple[str, ...] = ()
    """Steps that bring every frame to the size that FVD's network sees, such as `crop 4:3` and
    `resize 224x224 bilinear antialias`; see `fit_frames`. CLIP has its own rule."""

    def __post_init__(self) -> None:
        _check_choice("frames.window", self.window, ("random", "first", "centre"))
        if self.num_frames < 1 or self.stride < 1 or (self.fps is not None and self.fps <= 0):
            raise InputError(
                f"frames need num_frames and stride >= 1 and a positive fps, got {self.num_frames},"
                f" {self.stride} and {self.fps}"
            )
        check_steps(self.fit)


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """One way to measure, named and versioned; a change in any field is another protocol."""

    name: str
    """What tables call it."""
    version: int
    """Counts changes of meaning under one name."""
    about: str
    """Where it comes from and what was chosen here; the only field that is not hashed."""
    prompts: PromptRule
    """What is generated."""
    real: RealRule
    """What it is compared with."""
    frames: FrameRule
    """What of both is looked at."""
    metrics: tuple[str, ...]
    """Which figures are taken, of `METRICS`."""
    fvd_features: str = "i3d"
    """Network of the Frechet distance: `i3d` (Kinetics-400 weights from a file) or `shapes`, which
    ships with the package; a figure of the latter is called shapes-FVD. A script that takes its
    place is `torchscript` with its name and a digest."""
    clip_model: str = "openai/clip-vit-base-patch32"
    """CLIP of CLIPSIM: a hub id, or `shapes` for the one that ships with the package."""
    captions_digest: str = ""
    """Digest of the caption list of `class_captions`, filled in when it is read."""

    def __post_init__(self) -> None:
        if not self.name or self.version < 1:
            raise InputError(f"a protocol needs a name and version >= 1: {self.name!r}")
        _check_choice("fvd_features", self.fvd_features.partition(" ")[0], NETWORKS)
        for metric in self.metrics:
            _check_choice("metrics", metric, METRICS)
        if not self.metrics:
            raise InputError(f"protocol {self.name} measures nothing: metrics is empty")

    @property
    def digest(self) -> str:
        """Twelve hex characters of the SHA-256 of every field but `about`."""
        content = asdict(self)
        content.pop("about")
        text = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARS]

    @property
    def label(self) -> str:
        """Name, version and digest, as they stand beside a figure."""
        return f"{self.name}@{self.version}:{self.digest}"

    @classmethod
    def from_fields(cls, values: object) -> "Protocol":
        """Builds a protocol from what a YAML holds.

        Raises:
            InputError: A key that is unknown or missing, or a value that does not fit.
        """
        top = _checked(cls, values)
        for name, part in (("prompts", PromptRule), ("real", RealRule), ("frames", FrameRule)):
            top[name] = _build(part, top.get(name))
        top["metrics"] = tuple(top.get("metrics") or ())
        return _build(cls, top)

    def with_samples(self, num_samples: int) -> "Protocol":
        """The protocol with another number of generated videos: other figures, another digest."""
        return replace(self, prompts=replace(self.prompts, num_samples=num_samples))


def _build(part: type[Part], values: object) -> Part:
    checked = _checked(part, values)
    if "fit" in checked:
        checked["fit"] = tuple(checked["fit"])
    try:
        return part(**checked)
    except TypeError as error:
        raise InputError(f"a protocol's {part.__name__} does not fit: {error}") from error


def _checked(part: type[Any], values: object) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise InputError(f"a protocol's {part.__name__} must be a mapping, got {values!r}")
    unknown = sorted(set(map(str, values)) - {field.name for field in fields(part)})
    if unknown:
        raise InputError(f"unknown key {unknown[0]!r} in a protocol's {part.__name__}")
    return dict(values)


def _check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")
