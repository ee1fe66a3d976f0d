"""What a scan found: scenes with their central frames, their scores and the picture's box."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, kw_only=True)
class CropBox:
    """The picture inside black bars, in pixels of the displayed video (upright, square pixels).

    Attributes:
        x: Left edge.
        y: Top edge.
        width: Even, at least 2.
        height: Even, at least 2.
    """

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class SceneScores:
    """The row of the score family `scan` for one scene. Levels are of full-range luma, 0..255.

    Attributes:
        motion: Mean absolute change of luma from frame to frame, in levels.
        static_ratio: Part of the frames that do not differ from the one before, 0..1.
        luma: Mean luma, in levels.
        contrast: Standard deviation of luma within a frame, mean over frames, in levels.
        sharpness: Variance of the Laplacian of the central frame's luma, in levels squared.
        black_bars: Part of the frame that black bars cover, 0..1.
        watermark: How surely edges persist while the picture changes, 0..1, over the whole video.
        fingerprint: Perceptual hash of the central frame, 64 bits, unsigned.
    """

    motion: float
    static_ratio: float
    luma: float
    contrast: float
    sharpness: float
    black_bars: float
    watermark: float
    fingerprint: int


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A shot, or a piece of a long one, without the transitions at its ends; the end is exclusive.

    Attributes:
        index: Number of the piece in the video, from 0, counting dropped ones too.
        start_pts: Timestamp of the first frame, in `time_base`.
        end_pts: Timestamp at which the last frame ends.
        time_base: Seconds a tick.
        boundary_start: "cut", "fade", "dissolve", "video_edge", "forced", or "span" where a source
            list said where to cut.
        boundary_end: Likewise.
        num_frames: Frames whose timestamps lie in [start_pts, end_pts), at least 1.
        keyframe: A frame near the middle, upright, as a JPEG.
        keyframe_pts: Its timestamp.
        scores: What was measured.
        crop: The picture inside black bars; None where there are none.
    """

    index: int
    start_pts: int
    end_pts: int
    time_base: Fraction
    boundary_start: str
    boundary_end: str
    num_frames: int
    keyframe: bytes
    keyframe_pts: int
    scores: SceneScores
    crop: CropBox | None = None

    @property
    def start_s(self) -> float:
        """Start on the source's clock in seconds."""
        return float(self.start_pts * self.time_base)

    @property
    def end_s(self) -> float:
        """End on the source's clock in seconds."""
        return float(self.end_pts * self.time_base)

    @property
    def keyframe_s(self) -> float:
        """The keyframe's time on the source's clock in seconds."""
        return float(self.keyframe_pts * self.time_base)


@dataclass(frozen=True, kw_only=True)
class ScanResult:
    """What a scan found.

    Attributes:
        scenes: The scenes that are long enough, in order.
        num_scenes: How many there were before dropping any.
        motion: Mean absolute change of luma from frame to frame, cuts aside, in levels of 0..255.
        origin_s: Time of the video's first frame on its clock, in seconds.
        cuts_s: Where scenes begin and end, kept or not, in seconds from the first frame, ascending.
    """

    scenes: tuple[Scene, ...]
    num_scenes: int
    motion: float
    origin_s: float
    cuts_s: tuple[float, ...] = ()
