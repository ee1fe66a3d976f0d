"""How scenes are found and which are kept."""

from dataclasses import dataclass

from hdvg.errors import InputError

# Chosen here: a cut of bikes.mp4 that stands out 3.5 times among all frames stands out 2.3 times
# where three of four are skipped; what else stands out 2.1 times there belongs to fades.
_FAST_RATIO = 0.7


@dataclass(frozen=True, kw_only=True)
class ScanConfig:
    """How scenes are found and which are kept."""

    threshold: float = 3.0
    """How many times its neighbours' change a frame's change must be to count as a cut;
    PySceneDetect's default for its adaptive detector."""
    min_change: float = 15.0
    """Least change of a cut, in mean HSV levels of 0..255; PySceneDetect's default."""
    black_level: float = 12.0
    """A frame whose pixels differ from black (or from white) by less than this, in root-mean-square
    levels of 0..255, belongs to no scene; PySceneDetect's default for fades."""
    min_scene_s: float = 2.0
    """Shorter scenes are dropped; the paper's clips are 16 frames at 8 fps."""
    max_scene_s: float = 20.0
    """Longer scenes are cut into pieces of this many seconds, the last two of equal length."""
    static_level: float = 0.1
    """A frame that differs from the one before by less than this, in mean luma levels of 0..255, is
    the same picture; a video with a lower mean, cuts aside, is a slideshow. Chosen here: rendered
    stills measure below 0.02, the slowest footage above 0.3."""
    fast: bool = False
    """Whether B-frames are skipped: half the time, boundaries to 3 frames, keyframes without the
    codec's deblocking."""

    def __post_init__(self) -> None:
        if self.threshold <= 0 or self.min_change <= 0:
            raise InputError(
                f"scan needs threshold > 0 and min_change > 0, got {self.threshold}"
                f" and {self.min_change}"
            )
        if not 0 < self.black_level < 64:
            raise InputError(f"scan.black_level must be in 0..64, got {self.black_level}")
        if not 0 < self.min_scene_s <= self.max_scene_s / 2:
            raise InputError(
                f"scan needs 0 < min_scene_s <= max_scene_s / 2, got {self.min_scene_s}"
                f" and {self.max_scene_s}"
            )

    @property
    def cut_ratio(self) -> float:
        """`threshold` for the frames that are seen: where some are skipped, motion adds up."""
        return self.threshold * (_FAST_RATIO if self.fast else 1.0)
