"""What is asked of the cutter, and what it hands back."""

from dataclasses import dataclass
from pathlib import Path

from hdvg.errors import InputError
from hdvg.scan.result import Scene

_MODES = ("lossless", "smart", "encode")
_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower")


@dataclass(frozen=True, kw_only=True)
class CutConfig:
    """How clips are made. `crf` and `preset` hold for what has to be encoded."""

    mode: str = "lossless"
    """lossless: packets are copied from the keyframe before the scene on, and an edit list hides
    what comes before its first frame; smart: the part before the scene's first keyframe is encoded
    and the rest copied, so that nothing is hidden; encode: everything is encoded. A clip whose
    stream does not allow the mode is encoded."""
    crf: int = 18
    """x264's constant rate factor, 0..51; 18 looks like the source."""
    preset: str = "veryfast"
    """x264's preset: how long it may think to save bytes."""

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise InputError(f"cut.mode must be one of {', '.join(_MODES)}, got {self.mode}")
        if not 0 <= self.crf <= 51:
            raise InputError(f"cut.crf must be in 0..51, got {self.crf}")
        if self.preset not in _PRESETS:
            raise InputError(f"cut.preset must be one of {', '.join(_PRESETS)}, got {self.preset}")


@dataclass(frozen=True, kw_only=True)
class CutClip:
    """A clip on disk.

    Attributes:
        scene: What it shows.
        path: The MP4.
        cut_mode: How it was made: "lossless", "smart" or "encode".
        codec: FFmpeg's name of its codec.
        num_frames: Frames that it shows.
        lead_hidden_frames: Frames in the file before the first shown one.
        width: In pixels.
        height: In pixels.
    """

    scene: Scene
    path: Path
    cut_mode: str
    codec: str
    num_frames: int
    lead_hidden_frames: int
    width: int
    height: int
